// Pods that bear the launchers' label and that the controller did not make: nothing of them is kept but their names, so that their
// instance can tell of them. Bounded. Does no I/O.
#ifndef VMB_FOREIGN_H
#define VMB_FOREIGN_H

#include "base/base.h"

enum { FOREIGN_EACH_MAX = 100, FOREIGN_MAX = 10000 };

struct foreign;

MUST_CHECK struct foreign *foreign_new(void);
void foreign_free(struct foreign *f);

/* Notes a pod ("namespace/name") that claims 'subject', the UID of an instance ("": none). True when that is news. Beyond
 * FOREIGN_EACH_MAX of one subject and FOREIGN_MAX of all nothing is noted. */
bool foreign_put(struct foreign *f, const char *pod_key, const char *subject);
/* Forgets a pod; the subject that it claimed, which the caller frees, or NULL when it was not noted. */
MUST_CHECK char *foreign_remove(struct foreign *f, const char *pod_key);

/* A list begins; afterwards what was not put since goes, each with a call of 'gone'. */
void foreign_mark(struct foreign *f);
void foreign_sweep(struct foreign *f, void (*gone)(void *arg, const char *pod_key, const char *subject), void *arg);

struct foreign_told {
    size_t n;         /* FOREIGN_EACH_MAX: that many or more */
    const char *name; /* of one of them; borrowed until the next change */
    uint64_t version; /* another one after each change */
};
struct foreign_told foreign_about(const struct foreign *f, const char *subject);
size_t foreign_count(const struct foreign *f);

#endif
