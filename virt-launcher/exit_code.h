// How the manager (virt-launcher) ends, and therefore the container. Any other code or a signal means that the manager itself
// died: the monitor starts it again and the guest runs on. docs/launcher.md explains them to operators.
#ifndef VMB_EXIT_CODE_H
#define VMB_EXIT_CODE_H

enum exit_code {
    EXIT_GUEST_OFF = 0,        /* the guest shut down, of its own will or because it was asked to */
    EXIT_GUEST_DESTROYED = 10, /* it was switched off: it did not shut down within its grace period */
    EXIT_GUEST_CRASHED = 11,   /* QEMU ended unexpectedly, or nobody knows how it ended */
    EXIT_START_FAILED = 12,    /* the guest never ran; another try may succeed */
    EXIT_SPEC_INVALID = 13,    /* the guest never ran, and will not before the spec changes */
};

static inline int
exit_code_is_final(int code)
{
    return code == EXIT_GUEST_OFF || (code >= EXIT_GUEST_DESTROYED && code <= EXIT_SPEC_INVALID);
}

#endif
