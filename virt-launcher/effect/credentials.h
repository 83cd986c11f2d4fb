// Access credentials that the guest agent sets: SSH keys and passwords out of mounted Secrets. Worker thread; blocks in libvirt.
#ifndef VMB_CREDENTIALS_H
#define VMB_CREDENTIALS_H

#include <libvirt/libvirt.h>

#include "api/kinds/vmi.h"

struct credentials {
    const struct access_credential_list *list; /* borrowed */
    const char *dir;                           /* DIR/<place in the list>: a Secret */
};

/* Tells the content of the Secrets that the agent has to do with from any other: it changes whenever the kubelet mounts another one. NULL:
 * the agent has to do with none. The caller frees. */
MUST_CHECK char *credentials_version(const struct credentials *c);

/* Sets what is in them now: a user's keys are those and no others. Errors: the first that happens, with a text for people that quotes neither
 * a Secret nor the agent. */
MUST_CHECK struct err *credentials_apply(virDomainPtr dom, const struct credentials *c);

#endif
