// What a machine is known by, derived from names so that it is the same after Git or a backup made it anew. Pure.
#ifndef VMB_IDENTITY_H
#define VMB_IDENTITY_H

#include "base/arena.h"

/* UUIDv5 of "namespace/name" in KubeVirt's name space 6a1a24a1-4061-4607-8bf4-a3963d0c5895. */
char *identity_uuid(struct arena *a, const char *namespace, const char *name);

/* Locally administered unicast MAC "02:..:..:..:..:.." of namespace, name and interface; never 02:00:00:00:00:00. */
char *identity_mac(struct arena *a, const char *namespace, const char *name, const char *interface);

/* Name of the pod's interface for a secondary network: "pod" and 11 digits, as KubeVirt names it. */
char *identity_pod_interface(struct arena *a, const char *network);

/* What only the controller knows: names of launcher pods are made with it (docs/decisions/which-pods-are-ours.md). */
enum { POD_KEY_BYTES = 32, POD_STEM_SIZE = 37 };
struct pod_key {
    unsigned char bytes[POD_KEY_BYTES];
    int64_t made_s; /* since when there is one, by the API server's clock */
};

/* Name of the launcher pod of one VMI: "virt-launcher-<stem>-<12 letters>", at most 63 characters. The first five letters are a
 * function of key, namespace, name and UID, the others prove that the rest was made with the key. */
char *identity_pod_name(struct arena *a, const struct pod_key *key, const char *namespace, const char *vmi_name,
                        const char *vmi_uid);
/* The same of a pod that the guest of the VMI is moved to: of that migration nobody without the key can foresee it either. */
char *identity_target_name(struct arena *a, const struct pod_key *key, const char *namespace, const char *vmi_name,
                           const char *vmi_uid, const char *migration_uid);
/* Whether a pod's name was made with the key, for whichever VMI of the namespace. */
bool identity_is_pod_name(const struct pod_key *key, const char *namespace, const char *pod_name);
/* The name that versions without a key gave: everybody can foresee it. */
char *identity_pod_name_unkeyed(struct arena *a, const char *vmi_name, const char *vmi_uid);

/* The VMI's name as it stands in the names of its pods: itself up to 36 characters, else cut with a digest. */
void identity_pod_stem(const char *vmi_name, char ret_stem[POD_STEM_SIZE]);
/* The stem in a pod's name; false when the name has another form than identity_pod_name() gives. */
bool identity_stem_of_pod(const char *pod_name, char ret_stem[POD_STEM_SIZE]);

/* The claim of a machine's own state is named after the same stem (reconcile/pvc/state_claim.h). */
#define STATE_CLAIM_PREFIX "persistent-state-for-"

/* Name of the instance that a set of replicas makes as its 'ordinal'th: "<set>-<5 letters>", at most 63 characters; always the same, so
 * that a create whose answer was lost is found again. */
char *identity_replica_name(struct arena *a, const char *set_name, const char *set_uid, size_t ordinal);

/* Name of the Job that does one thing about what 'parts' say: "<stem>-<16 digits>", always the same. The stem is ours, and short. */
char *identity_job_name(struct arena *a, const char *stem, const char *const *parts, size_t n);

/* Address of a guest's VSOCK device, 3 to 2^32 - 2: a function of the instance's UID. Those of one node must differ; that of the next run
 * is another one. */
int64_t identity_vsock_cid(const char *vmi_uid);

/* Name as a label value, of vmi.kubevirt.io/id: itself when it fits 63 characters, else cut with a digest. */
char *identity_label_value(struct arena *a, const char *name);

#endif
