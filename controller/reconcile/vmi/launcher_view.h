// The launcher pods of one instance and what their launchers said: one, and a second while the guest is moved. Which of them has the guest
// is decided here. Pure.
#ifndef VMB_LAUNCHER_VIEW_H
#define VMB_LAUNCHER_VIEW_H

#include "reconcile/sources.h"
#include "reconcile/vmi/pod_view.h"

struct launcher_view {
    struct pod_view pod;
    bool is_second; /* beside the one where the guest was when the status was written last: a target, or the source that the guest left */
    bool connected;                /* it is on the line */
    struct launcher_state *report; /* what it said last; NULL: nothing yet */
    const char *sent_desired;      /* what was last said to it over this connection */
};

struct launcher_view_list {
    struct launcher_view *items;
    size_t n;
};

/* 'said' NULL: it has not dialed in. Errors: ERR_INVALID when the pod cannot be decoded. */
MUST_CHECK struct err *launcher_view_make(struct arena *a, const struct object *pod, const struct launcher *said,
                                          struct launcher_view *ret_view);

/* The state of a guest that ended. */
bool launcher_is_end(enum domain_state s);

/* The one whose word goes into the status, or NULL: the first while it lives; then a second that has the guest; else the first, whose end is
 * the run's. Of a finished run it is the first: whoever comes later has no guest of it. */
const struct launcher_view *launcher_active(const struct launcher_view_list *l, bool is_finished);
/* A second besides the active one may have the guest, and has not said whether it does. */
bool launcher_is_awaited(const struct launcher_view_list *l, const struct launcher_view *active);
/* A second of which a container may run besides the active one. */
bool launcher_is_besides(const struct launcher_view_list *l, const struct launcher_view *active);

#endif
