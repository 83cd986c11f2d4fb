// What a machine is beside its devices: processors, memory, firmware. Part of vmi.h, whose users include that.
#ifndef VMB_VMI_MACHINE_H
#define VMB_VMI_MACHINE_H

#include "api/walk/meta.h"

enum pull_policy { PULL_UNSET, PULL_ALWAYS, PULL_IF_NOT_PRESENT, PULL_NEVER };

enum feature_policy {
    FEATURE_UNSET, /* require */
    FEATURE_FORCE,
    FEATURE_REQUIRE,
    FEATURE_OPTIONAL,
    FEATURE_DISABLE,
    FEATURE_FORBID
};

struct cpu_feature {
    const char *name;
    enum feature_policy policy;
};

struct cpu_feature_list {
    struct cpu_feature *items;
    size_t n;
};

struct realtime {
    const char *mask; /* of virtual CPUs: "0-3,^1"; NULL: all */
};

struct cpu {
    struct opt_int cores;
    struct opt_int sockets;
    struct opt_int threads;
    const char *model;
    struct cpu_feature_list features;
    enum tri dedicated;
    enum tri isolate_emulator; /* QEMU's other threads have a CPU too */
    bool passes_numa;
    struct realtime *realtime;
};

struct hyperv { /* each on or off; unset is off */
    enum tri relaxed;
    enum tri vapic;
    enum tri spinlocks;
    struct opt_int spinlock_retries;
    enum tri vpindex;
    enum tri runtime;
    enum tri synic;
    enum tri synictimer;
    enum tri synictimer_direct;
    enum tri reset;
    enum tri vendorid;
    const char *vendor;
    enum tri frequencies;
    enum tri reenlightenment;
    enum tri tlbflush;
    enum tri tlbflush_direct;
    enum tri tlbflush_extended;
    enum tri ipi;
    enum tri evmcs;
};

struct features { /* {} is true, {enabled: false} is false */
    enum tri acpi;
    enum tri smm;
    enum tri apic_eoi;
    enum tri pae;
    enum tri pvspinlock;
    enum tri kvm_hidden;
    enum tri hyperv_passthrough;
    struct hyperv *hyperv;
};

enum tick_policy { TICK_UNSET, TICK_DELAY, TICK_CATCHUP, TICK_MERGE, TICK_DISCARD };
enum timer_track { TRACK_UNSET, TRACK_GUEST, TRACK_WALL };

struct timer {
    enum tri present; /* unset: it is */
    enum tick_policy tick_policy;
    enum timer_track track; /* of the real time clock */
};

struct clock_utc {
    struct opt_int offset_s;
};

struct clock {
    struct clock_utc *utc;
    const char *timezone; /* counts without utc */
    struct timer *hpet;
    struct timer *pit;
    struct timer *rtc;
    struct timer *kvm;
    struct timer *hyperv;
};

struct hugepages {
    struct quantity page_size;
};

struct memory {
    struct quantity guest;
    struct hugepages *hugepages;
};

struct resources {
    struct quantity requests_memory;
    struct quantity requests_cpu;
    struct quantity limits_memory;
    struct quantity limits_cpu;
};

struct efi {
    enum tri secure_boot; /* unset is true in KubeVirt: needs SMM */
    enum tri persistent;
};

struct bios {
    enum tri use_serial;
};

struct bootloader {
    struct bios *bios;
    struct efi *efi;
};

struct kernel_container {
    const char *image;
    const char *image_pull_secret;
    enum pull_policy image_pull_policy;
    const char *kernel_path; /* inside the image */
    const char *initrd_path;
};

struct kernel_boot {
    const char *kernel_args;
    struct kernel_container *container;
};

struct acpi_tables { /* names of volumes, each a Secret that holds the table */
    const char *slic;
    const char *msdm;
};

#define ACPI_SLIC_KEY "slic.bin" /* of the Secret */
#define ACPI_MSDM_KEY "msdm.bin"

struct firmware {
    const char *uuid;
    const char *serial;
    struct bootloader *bootloader;
    struct kernel_boot *kernel_boot;
    struct acpi_tables *acpi;
};

enum io_threads_policy { IO_THREADS_UNSET, IO_THREADS_SHARED, IO_THREADS_AUTO, IO_THREADS_POOL };

struct chassis {
    const char *manufacturer;
    const char *version;
    const char *serial;
    const char *asset;
    const char *sku;
};

#endif
