// The claim that keeps what a machine's firmware (NVRAM) and TPM write while no pod runs. vmbridge makes it with the first pod; Kubernetes
// deletes it with its owner, the VirtualMachine, or the instance that nobody owns. Pure.
#ifndef VMB_STATE_CLAIM_H
#define VMB_STATE_CLAIM_H

#include "api/kinds/vmi.h"

/* A label of the claim too, whose value is the machine's name (KubeVirt's). */
#define STATE_CLAIM_LABEL "persistent-state-for"

/* Name of the claim of an instance, or NULL when it keeps nothing; of the arena. The machine has the same name. */
const char *state_claim_name(struct arena *a, const struct vmi *vmi);

/* UID of who owns it. */
const char *state_claim_owner(const struct vmi *vmi);

/* The object to create; of the arena. 'storage_class' NULL: the cluster's default. */
const json_t *state_claim_render(struct arena *a, const struct vmi *vmi, const char *name, const char *storage_class);

#endif
