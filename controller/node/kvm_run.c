// A guest of six instructions in long mode. Its one byte of output shows that they were run, and not merely that KVM_RUN came back.
// It adds with SSE2, which each processor of 64 bits has and KVM's own emulator has not: where KVM emulates instead of running (nested in
// something that lends no processor), simple guests work and no operating system starts.
#include "kvm_run.h"

#include <errno.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TABLE_4 = 0x1000, TABLE_3 = 0x2000, TABLE_2 = 0x3000, CODE = 0x4000, GUEST_BYTES = 0x5000, PAGE_BYTES = 0x1000 };
enum { GUEST_PORT = 0x10, GUEST_HALF = 0x21, GUEST_WORD = 2 * GUEST_HALF, API_VERSION = 12, CPUID_ENTRIES_MAX = 256 };

/* Of the processor: Intel's and AMD's manuals. */
enum {
    PRESENT_WRITABLE = 0x3,
    LARGE_PAGE = 0x80,
    RFLAGS_ALWAYS = 0x2,
    CR0_PE_MP_ET_NE_WP = 0x10033,
    CR4_PAE_OSFXSR_OSXMMEXCPT = 0x620,
    EFER_LME_LMA = 0x500,
    SEGMENT_CODE = 0xb,
    SEGMENT_DATA = 0x3,
    SELECTOR_CODE = 0x8,
    SELECTOR_DATA = 0x10
};
#define CR0_PG UINT64_C(0x80000000)

static const uint8_t guest[] = {
    0xb8, GUEST_HALF, 0,    0,    0, /* mov $0x21, %eax */
    0x66, 0x0f,       0x6e, 0xc0,    /* movd %eax, %xmm0 */
    0x66, 0x0f,       0xd4, 0xc0,    /* paddq %xmm0, %xmm0 */
    0x66, 0x0f,       0x7e, 0xc0,    /* movd %xmm0, %eax */
    0xe6, GUEST_PORT,                /* out %al, $0x10 */
    0xf4,                            /* hlt */
};

static struct err *run_vm(int kvm_fd, int vm_fd, uint8_t *memory);
static struct err *set_cpuid(int kvm_fd, int cpu_fd);
static struct err *run_cpu(int cpu_fd, size_t run_size);
static struct err *set_registers(int cpu_fd);
static struct err *run_to_halt(int cpu_fd, const struct kvm_run *run, size_t run_size);

struct err *
kvm_run(int kvm_fd)
{
    int version = ioctl(kvm_fd, KVM_GET_API_VERSION, 0);

    if (version != API_VERSION) {
        return err_new(ERR_RETRY, "it speaks version %d of KVM's interface, not %d", version, API_VERSION);
    }
    AUTO(freep) uint8_t *memory = aligned_alloc(PAGE_BYTES, GUEST_BYTES); /* first: it goes after the machine */
    if (!memory) {
        return err_errno(errno, "no memory for the guest");
    }
    AUTO(closep) int vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0);
    if (vm_fd < 0) {
        return err_errno(errno, "KVM makes no virtual machine");
    }
    memset(memory, 0, GUEST_BYTES);
    return run_vm(kvm_fd, vm_fd, memory);
}

static void
put_entry(uint8_t *memory, size_t table, uint64_t entry)
{
    memcpy(memory + table, &entry, sizeof(entry));
}

static struct err *
run_vm(int kvm_fd, int vm_fd, uint8_t *memory)
{
    const struct kvm_userspace_memory_region region = {.memory_size = GUEST_BYTES,
                                                       .userspace_addr = (uint64_t)(uintptr_t)memory};

    /* Addresses are what they are, in one page of 2 MiB. */
    put_entry(memory, TABLE_4, TABLE_3 | PRESENT_WRITABLE);
    put_entry(memory, TABLE_3, TABLE_2 | PRESENT_WRITABLE);
    put_entry(memory, TABLE_2, LARGE_PAGE | PRESENT_WRITABLE);
    memcpy(memory + CODE, guest, sizeof(guest));
    if (ioctl(vm_fd, KVM_SET_USER_MEMORY_REGION, &region) != 0) {
        return err_errno(errno, "KVM takes no memory");
    }
    AUTO(closep) int cpu_fd = ioctl(vm_fd, KVM_CREATE_VCPU, 0);
    if (cpu_fd < 0) {
        return err_errno(errno, "KVM makes no virtual CPU");
    }
    struct err *e = set_cpuid(kvm_fd, cpu_fd);
    if (e) {
        return e;
    }
    int run_size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (run_size < (int)sizeof(struct kvm_run)) {
        return err_new(ERR_RETRY, "a virtual CPU of KVM is too small: %d bytes", run_size);
    }
    return run_cpu(cpu_fd, (size_t)run_size);
}

/* Without one, a virtual CPU has no long mode. */
static struct err *
set_cpuid(int kvm_fd, int cpu_fd)
{
    AUTO(freep) struct kvm_cpuid2 *cpuid = xcalloc(1, sizeof(*cpuid) + CPUID_ENTRIES_MAX * sizeof(cpuid->entries[0]));

    cpuid->nent = CPUID_ENTRIES_MAX;
    if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, cpuid) != 0 || ioctl(cpu_fd, KVM_SET_CPUID2, cpuid) != 0) {
        return err_errno(errno, "the virtual CPU takes no CPUID");
    }
    return NULL;
}

static struct err *
run_cpu(int cpu_fd, size_t run_size)
{
    struct err *e = set_registers(cpu_fd);

    if (e) {
        return e;
    }
    struct kvm_run *run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu_fd, 0);
    if (run == MAP_FAILED) {
        return err_errno(errno, "the virtual CPU cannot be mapped");
    }
    e = run_to_halt(cpu_fd, run, run_size);
    (void)munmap(run, run_size); /* a mapping of ours: cannot fail */
    return e;
}

static struct err *
set_registers(int cpu_fd)
{
    const struct kvm_segment code = {
        .limit = UINT32_MAX, .selector = SELECTOR_CODE, .type = SEGMENT_CODE, .present = 1, .s = 1, .l = 1, .g = 1};
    const struct kvm_segment data = {
        .limit = UINT32_MAX, .selector = SELECTOR_DATA, .type = SEGMENT_DATA, .present = 1, .s = 1, .db = 1, .g = 1};
    const struct kvm_regs regs = {.rip = CODE, .rflags = RFLAGS_ALWAYS};
    struct kvm_sregs sregs;

    if (ioctl(cpu_fd, KVM_GET_SREGS, &sregs) != 0) {
        return err_errno(errno, "the virtual CPU tells no registers");
    }
    sregs.cs = code;
    sregs.ds = sregs.es = sregs.fs = sregs.gs = sregs.ss = data;
    sregs.cr3 = TABLE_4;
    sregs.cr4 = CR4_PAE_OSFXSR_OSXMMEXCPT;
    sregs.cr0 = CR0_PG | CR0_PE_MP_ET_NE_WP;
    sregs.efer = EFER_LME_LMA;
    if (ioctl(cpu_fd, KVM_SET_SREGS, &sregs) != 0 || ioctl(cpu_fd, KVM_SET_REGS, &regs) != 0) {
        return err_errno(errno, "the virtual CPU takes no registers");
    }
    return NULL;
}

static bool
is_our_output(const struct kvm_run *run, size_t run_size)
{
    size_t at = run->io.data_offset;

    return run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_OUT && run->io.port == GUEST_PORT &&
           at < run_size && ((const uint8_t *)run)[at] == GUEST_WORD;
}

static struct err *
run_to_halt(int cpu_fd, const struct kvm_run *run, size_t run_size)
{
    if (ioctl(cpu_fd, KVM_RUN, 0) != 0) {
        return err_errno(errno, "the virtual CPU does not run");
    }
    if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR && run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION) {
        return err_new(ERR_RETRY, "KVM emulates the virtual CPU instead of running it, and knows few instructions");
    }
    if (!is_our_output(run, run_size)) {
        return err_new(ERR_RETRY, "the virtual CPU ended with reason %u instead of writing a byte", run->exit_reason);
    }
    if (ioctl(cpu_fd, KVM_RUN, 0) != 0) {
        return err_errno(errno, "the virtual CPU does not run on");
    }
    if (run->exit_reason != KVM_EXIT_HLT) {
        return err_new(ERR_RETRY, "the virtual CPU ended with reason %u instead of halting", run->exit_reason);
    }
    return NULL;
}
