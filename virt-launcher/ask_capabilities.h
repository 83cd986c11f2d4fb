// The launcher image's other purpose: to say what guests the node can run, and end.
#ifndef VMB_ASK_CAPABILITIES_H
#define VMB_ASK_CAPABILITIES_H

#include "base/base.h"

/* Starts libvirtd, asks it, and writes the answer as JSON, or what went wrong as a sentence, into the termination message. 'hypervisor' is
 * "kvm" or "qemu". The environment is set (libvirt_daemon_environment). Returns the process's exit code. */
int ask_capabilities(const char *root, const char *hypervisor);

#endif
