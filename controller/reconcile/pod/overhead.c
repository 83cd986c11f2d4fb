// The sum of what runs beside the guest's memory, as measured (docs/launcher.md), with room.
#include "reconcile/pod/overhead.h"

enum {
    MIB = 1024 * 1024,
    LAUNCHER_MIB = 8, /* manager and monitor */
    LIBVIRTD_MIB = 24,
    PASST_MIB = 16,
    QEMU_MIB = 48, /* code and heap without the guest's memory */
    PER_CPU_MIB = 4,
    GRAPHICS_MIB = 16,  /* video memory */
    EFI_MIB = 12,       /* firmware and its variables */
    EMULATION_MIB = 64, /* translation buffer and its bookkeeping */
    VFIO_MIB = 1024,    /* windows of the devices, and what the kernel keeps for them */
    TPM_MIB = 53,       /* swtpm, and before the guest starts what makes its keys and certificates */
    OWN_CPUS_MIB = 100, /* such a pod is killed at what it requests, so that peaks must fit */
    PAGE_TABLE_SHARE = 512,
    CPUS_MAX = 8192,
};

/* At most CPUS_MAX: the status of a running guest tells it of specs, too, that were not validated. */
static int64_t
cpus_of(const struct cpu *c)
{
    int64_t n;

    return __builtin_mul_overflow(c->cores.v, c->sockets.v, &n) || __builtin_mul_overflow(n, c->threads.v, &n) ||
                   n > CPUS_MAX
               ? CPUS_MAX
               : n;
}

int64_t
overhead_bytes(const struct vmi_spec *spec, bool use_emulation)
{
    const struct domain_spec *d = &spec->domain;
    int64_t cpus = cpus_of(&d->cpu);
    int64_t mib = LAUNCHER_MIB + LIBVIRTD_MIB + PASST_MIB + QEMU_MIB + PER_CPU_MIB * cpus;

    mib += d->autoattach_graphics_device == TRI_FALSE ? 0 : GRAPHICS_MIB;
    mib += d->firmware.bootloader && d->firmware.bootloader->efi ? EFI_MIB : 0;
    mib += d->gpus.n + d->host_devices.n > 0 ? VFIO_MIB : 0;
    mib += tpm_is_there(d->tpm) ? TPM_MIB : 0;
    mib += use_emulation ? EMULATION_MIB : 0;
    mib += d->cpu.dedicated == TRI_TRUE ? OWN_CPUS_MIB : 0;
    return mib * MIB + d->memory.guest.value / PAGE_TABLE_SHARE;
}
