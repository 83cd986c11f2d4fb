// Why the API server takes no launcher pod: its answer in the words of the spec that the pod is made of. Pure.
#ifndef VMB_POD_REFUSAL_H
#define VMB_POD_REFUSAL_H

#include "base/err.h"
#include "base/json.h"

/* 'err' and 'answer' (a Status, or NULL) are what the create of a pod came to. The error that is returned names fields of the instance, or
 * of the machine whose template it was made from. ERR_INVALID: it stays until somebody mends it. The caller owns it. */
MUST_CHECK struct err *pod_refusal(const struct err *err, const json_t *answer, bool is_of_template);

#endif
