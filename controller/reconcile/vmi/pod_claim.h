// Whose a pod is: the one question that the reconciler and the gateway answer alike (docs/decisions/which-pods-are-ours.md). Pure.
#ifndef VMB_POD_CLAIM_H
#define VMB_POD_CLAIM_H

#include "api/kinds/vmi.h"
#include "api/rules/identity.h"
#include "cache/store.h"

enum pod_claim {
    POD_FOREIGN, /* the controller did not make it: it counts for nothing */
    POD_OURS,    /* a launcher pod of this very instance */
    POD_TARGET,  /* one as well, of which nothing is noted yet: made for its guest to be moved to */
    POD_OLDER,   /* made for another run of that name: while it lives the disks are not touched */
};

/* The instance for which is asked. All borrowed. */
struct claimant {
    const struct pod_key *key;
    const char *namespace;
    const char *name;
    const char *uid;
    const struct str_map *recorded; /* status.activePods: by UID of the pod */
    const char *made_uid;           /* of the pod that this process made for it, or NULL */
};

enum pod_claim pod_claim(const struct claimant *c, const struct object *pod);

/* Whether a pod may be a launcher of ours at all, by what cannot be changed of it: its name, or that it is older than the key.
 * What is not stays outside of the caches. 'key' NULL: nobody knows yet. */
bool pod_may_be_ours(const struct pod_key *key, const json_t *pod);

#endif
