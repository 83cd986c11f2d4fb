// The token that says who we are, read from its file again and again, since the kubelet renews it. Loop thread only.
#ifndef VMB_BEARER_H
#define VMB_BEARER_H

#include "kube/kube_config.h"

struct bearer {
    const struct kube_config *config; /* borrowed; all else is zeros at first */
    char *token;
    int64_t read_ms; /* clock_mono_ms; 0: read it again */
};

/* Makes 'token' one that is not old; NULL when the configuration has none. An old one that still works is better than none: when the file
 * cannot be read now, the last one stays. Errors: there is none at all. */
MUST_CHECK struct err *bearer_refresh(struct bearer *b);
/* The server refused it. */
void bearer_forget(struct bearer *b);
void bearer_fini(struct bearer *b);

#endif
