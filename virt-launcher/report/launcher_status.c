// From what the launcher knows to launcher_state.
#include "report/launcher_status.h"

#include "domain/clean_text.h"

/* Cleaned text is escaped to twice its length at most (quotes, backslashes), so the last words without disks fit with it. */
enum { MESSAGE_MAX = 1024 };
_Static_assert(2 * MESSAGE_MAX + 1024 < TERMINATION_MAX, "a message fits the termination message");

static struct opt_int
known(int64_t v)
{
    return (struct opt_int){.set = v > 0, .v = v};
}

static const char *
trouble_of(const struct status_facts *f, const char *target)
{
    for (size_t i = 0; i < f->n_troubles; i++) {
        if (str_eq(f->troubles[i].target, target)) {
            return f->troubles[i].what;
        }
    }
    return NULL;
}

static struct disk_state_list
disks_of(const struct status_facts *f, struct arena *a)
{
    const struct domain_view *v = f->view;
    struct disk_state_list l = {.items = ARENA_NEW_N(a, struct disk_state, v->n_disks)};

    for (size_t i = 0; i < v->n_disks; i++) {
        const struct disk_view *d = &v->disks[i];
        l.items[l.n++] = (struct disk_state){.volume = d->facts->volume,
                                             .target = d->target,
                                             .size = known(d->facts->size_bytes),
                                             .error = trouble_of(f, d->target)};
    }
    return l;
}

/* Under masquerade the guest has its private address, under bridge the pod's; on a secondary network it finds one itself. */
static struct nic_state_list
nics_of(const struct status_facts *f, const char *pod_ip, struct arena *a)
{
    const struct domain_view *v = f->view;
    struct nic_state_list l = {.items = ARENA_NEW_N(a, struct nic_state, v->n_nics)};

    for (size_t i = 0; i < v->n_nics; i++) {
        const struct nic_view *n = &v->nics[i];
        const char *ip = n->is_masquerade ? n->ip4 : n->tap ? NULL : pod_ip;
        l.items[l.n++] = (struct nic_state){.network = n->network,
                                            .mac = n->mac,
                                            .link = f->nic_is_down[i] ? LINK_DOWN : LINK_UP,
                                            .ip = ip,
                                            .queues = known(n->tap_queues > 0 ? n->tap_queues : 1)};
    }
    return l;
}

static struct launcher_state
state_of(const struct status_facts *f, struct arena *a)
{
    struct launcher_state s = {
        .version = LAUNCHER_MSG_VERSION,
        .vmi_uid = f->vmi_uid,
        .seq = f->seq,
        .state = f->state,
        .reason = f->reason,
        .message = clean_text(a, f->message, MESSAGE_MAX),
        .invalid = f->is_invalid ? TRI_TRUE : TRI_UNSET,
        .since_s = known(f->since_s),
        .started_s = known(f->started_s),
        .memory_bytes = known(f->memory_bytes),
        .machine_type = str_empty(f->machine) ? NULL : f->machine,
        .open_ports = f->open_ports,
    };

    if (f->agent) {
        s.agent = *f->agent;
    }
    if (f->view) {
        s.disks = disks_of(f, a);
        s.nics = nics_of(f, str_empty(f->pod_ip) ? NULL : f->pod_ip, a);
    }
    return s;
}

char *
launcher_status_text(const struct status_facts *f, struct arena *a)
{
    struct launcher_state s = state_of(f, a);
    char *text = launcher_msg_write(LAUNCHER_MSG_STATE, &launcher_state_type, &s);

    if (strlen(text) <= LAUNCHER_MSG_MAX) {
        return text;
    }
    free(text);
    s.agent.interfaces.n = 0; /* only a guest can be that talkative */
    return launcher_msg_write(LAUNCHER_MSG_STATE, &launcher_state_type, &s);
}

char *
launcher_status_last_words(const struct status_facts *f, struct arena *a)
{
    struct status_facts brief = *f;

    brief.open_ports.n = 0;
    brief.agent = NULL;
    char *text = launcher_status_text(&brief, a);
    if (strlen(text) < TERMINATION_MAX) {
        return text;
    }
    free(text);
    brief.view = NULL;
    return launcher_status_text(&brief, a);
}
