// The key that names of launcher pods are made with: 32 random bytes in an immutable Secret of their own, made once by the first leader
// and read by each later one before it acts. Loop thread only.
#ifndef VMB_POD_KEY_KEEPER_H
#define VMB_POD_KEY_KEEPER_H

#include "api/rules/identity.h"
#include "kube/request.h"

#define POD_KEY_SECRET "vmbridge-pod-names"

struct pod_key_keeper;

/* The key as it is in the cluster now; borrowed during the call. */
typedef void pod_key_fn(void *arg, const struct pod_key *key);

/* 'namespace' is the controller's; copied. Borrows 'kube'. */
MUST_CHECK struct pod_key_keeper *pod_key_keeper_new(uv_loop_t *loop, struct kube *kube, const char *namespace,
                                                     pod_key_fn *done, void *arg);
/* Reads the Secret, again and again until it could be read, then calls 'done' once. 'makes': of a leader, who makes it when there is
 * none; else no Secret is an end too, without a call. A read that is under way is given up. */
void pod_key_keeper_read(struct pod_key_keeper *k, bool makes);
/* Gives up what is under way. */
void pod_key_keeper_cancel(struct pod_key_keeper *k);
/* Why the key could not be read so far, for readiness, or NULL. Valid until the loop runs on. */
const char *pod_key_keeper_problem(const struct pod_key_keeper *k);
/* The memory goes when the loop has closed the handles. Before kube_close. NULL is nothing. */
void pod_key_keeper_close(struct pod_key_keeper *k);

/* The key of a Secret as the API server has it. Errors: ERR_INVALID. */
MUST_CHECK struct err *pod_key_from_secret(const json_t *secret, struct pod_key *ret_key);
/* A Secret with that key; the caller owns the tree. */
MUST_CHECK json_t *pod_key_to_secret(const struct pod_key *key, const char *namespace);

#endif
