// Reading a launcher, and where the guest is.
#include "reconcile/vmi/launcher_view.h"

static struct launcher_state *report_of(struct arena *a, const struct packed *state);
static const struct launcher_view *first_of(const struct launcher_view_list *l);
static bool has_ended(const struct launcher_view *l);
static bool has_left(const struct launcher_view *l);
static enum tri has_guest(const struct launcher_view *l);

struct err *
launcher_view_make(struct arena *a, const struct object *pod, const struct launcher *said,
                   struct launcher_view *ret_view)
{
    struct launcher_view v = {0};
    struct err *e = pod_view_make(a, pod, &v.pod);

    if (e) {
        return e;
    }
    if (said) {
        v.connected = said->connected;
        v.sent_desired = arena_strdup(a, said->desired);
        v.report = report_of(a, said->state);
    }
    *ret_view = v;
    return NULL;
}

bool
launcher_is_end(enum domain_state s)
{
    return s == DOMAIN_SHUTOFF || s == DOMAIN_CRASHED;
}

const struct launcher_view *
launcher_active(const struct launcher_view_list *l, bool is_finished)
{
    const struct launcher_view *first = first_of(l);
    const struct launcher_view *heir = NULL;

    if (is_finished || (first && !has_ended(first))) {
        return first;
    }
    for (size_t i = 0; i < l->n; i++) {
        const struct launcher_view *second = &l->items[i];
        if (second->is_second && has_guest(second) == TRI_TRUE) {
            return second;
        }
        if (second->is_second && (!heir || pod_is_over(&heir->pod))) {
            heir = second;
        }
    }
    /* The word of the first that the guest has moved may be here before that of the second that it came. */
    return first && has_left(first) && heir ? heir : first;
}

bool
launcher_is_awaited(const struct launcher_view_list *l, const struct launcher_view *active)
{
    for (size_t i = 0; i < l->n; i++) {
        if (&l->items[i] != active && l->items[i].is_second && has_guest(&l->items[i]) == TRI_UNSET) {
            return true;
        }
    }
    return false;
}

bool
launcher_is_besides(const struct launcher_view_list *l, const struct launcher_view *active)
{
    for (size_t i = 0; i < l->n; i++) {
        if (&l->items[i] != active && l->items[i].is_second && !pod_is_over(&l->items[i].pod)) {
            return true;
        }
    }
    return false;
}

static struct launcher_state *
report_of(struct arena *a, const struct packed *state)
{
    AUTO(freep) char *text = NULL;
    json_t *j = NULL;
    const char *type;

    if (!state) {
        return NULL;
    }
    struct launcher_state *s = ARENA_NEW(a, struct launcher_state);
    struct err *e = packed_text(state, &text);
    if (!e) {
        e = launcher_msg_parse(text, state->len, &j, &type);
    }
    if (!e) {
        e = api_decode(&launcher_state_type, json_in_arena(a, j), a, s);
    }
    if (e) {
        err_free(
            e); /* the gateway decodes before it hands on, and the cache packed it: unreachable, and no state is safe */
        return NULL;
    }
    return s;
}

static const struct launcher_view *
first_of(const struct launcher_view_list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!l->items[i].is_second) {
            return &l->items[i];
        }
    }
    return NULL;
}

static bool
has_ended(const struct launcher_view *l)
{
    return pod_is_over(&l->pod) || l->pod.terminated || (l->report && launcher_is_end(l->report->state));
}

/* The guest's end here was that it moved away. */
static bool
has_left(const struct launcher_view *l)
{
    const struct launcher_state *last = l->pod.last_words;
    const struct launcher_state *s = last && launcher_is_end(last->state) ? last : l->report;

    return s && s->state == DOMAIN_SHUTOFF && str_eq(s->reason, "migrated");
}

/* Of a second one. TRI_UNSET: only it can say, for the guest may have come since it was heard last. */
static enum tri
has_guest(const struct launcher_view *l)
{
    enum domain_state s = l->report ? l->report->state : DOMAIN_ABSENT;

    if (has_ended(l)) {
        return TRI_FALSE;
    }
    if (s == DOMAIN_RUNNING || s == DOMAIN_PAUSED || s == DOMAIN_SHUTDOWN) {
        return TRI_TRUE;
    }
    if (l->report && l->connected) {
        return TRI_FALSE;
    }
    if (l->pod.is_ready) { /* its readiness says that the guest runs */
        return TRI_TRUE;
    }
    return l->pod.started ? TRI_UNSET : TRI_FALSE;
}
