// Whether KVM is more than a file that opens: a virtual CPU runs a few instructions.
#ifndef VMB_NODE_KVM_RUN_H
#define VMB_NODE_KVM_RUN_H

#include "base/err.h"

/* Makes a virtual machine of one page on 'kvm_fd' and runs it until it halts. Blocks, where KVM is broken for ever: call it in a process
 * that somebody else ends. Errors ERR_RETRY with the step that failed. */
MUST_CHECK struct err *kvm_run(int kvm_fd);

#endif
