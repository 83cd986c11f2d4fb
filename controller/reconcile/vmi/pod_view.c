// Reading a pod: by hand, since a handful of fields of a kind that is not ours needs no table.
#include "reconcile/vmi/pod_view.h"

#include "api/kinds/instance.h"
#include "api/walk/table.h"
#include "base/utf8.h"

enum { POD_MAX = 1024 * 1024, WORD_MAX = 253, TEXT_MAX = 1024 };

static const char *shown(struct arena *a, const json_t *j, const char *key, size_t max);
static struct str_list pod_ips(struct arena *a, const json_t *status);
static struct condition_list pod_conditions(struct arena *a, const json_t *status);
static void container_state(struct arena *a, const json_t *status, struct pod_view *v);
static struct launcher_state *last_words(struct arena *a, const char *text);

struct err *
pod_view_make(struct arena *a, const struct object *pod, struct pod_view *ret_view)
{
    json_t *j = NULL;
    struct pod_view v = {0};
    struct err *e = object_parse(pod, POD_MAX, &j);

    if (e) {
        return err_wrap(e, "decode pod %s", pod->key);
    }
    json_in_arena(a, j);
    e = api_decode(&meta_type, json_object_get(j, "metadata"), a, &v.meta);
    if (e) {
        return err_wrap(e, "decode pod %s", pod->key);
    }
    const json_t *status = json_object_get(j, "status");
    v.going = pod->expects_deletion || v.meta.deletion_s != 0;
    v.hidden = pod->hidden;
    v.node_name = json_str(json_object_get(j, "spec"), "nodeName");
    v.phase = json_str(status, "phase");
    v.reason = shown(a, status, "reason", WORD_MAX);
    v.message = shown(a, status, "message", TEXT_MAX);
    v.ip = shown(a, status, "podIP", WORD_MAX);
    v.ips = pod_ips(a, status);
    v.qos_class = shown(a, status, "qosClass", WORD_MAX);
    v.conditions = pod_conditions(a, status);
    v.is_ready = condition_is(&v.conditions, "Ready", "True");
    v.networks = network_status_read(a, str_map_get(&v.meta.annotations, NETWORK_STATUS_ANNOTATION));
    v.gateway_pins = str_map_get(&v.meta.annotations, GATEWAY_PINS_ANNOTATION);
    v.gateway_ca = str_map_get(&v.meta.annotations, GATEWAY_CA_ANNOTATION);
    container_state(a, status, &v);
    *ret_view = v;
    return NULL;
}

bool
pod_is_over(const struct pod_view *p)
{
    return str_eq(p->phase, "Succeeded") || str_eq(p->phase, "Failed");
}

/* A string of the status, which quotes what others wrote (names of images, ends of logs), and is stored in ours: fit to be shown and not
 * too long. */
static const char *
shown(struct arena *a, const json_t *j, const char *key, size_t max)
{
    const char *s = json_str(j, key);

    if (!s || (strnlen(s, max + 1) <= max && utf8_is_clean(s))) {
        return s;
    }
    char *copy = arena_strndup(a, s, utf8_cut(s, max));
    utf8_clean(copy);
    return copy;
}

static struct str_list
pod_ips(struct arena *a, const json_t *status)
{
    const json_t *ips = json_object_get(status, "podIPs");
    struct str_list l = {.items = ARENA_NEW_N(a, const char *, json_array_size(ips))};
    size_t i;
    json_t *ip;

    json_array_foreach((json_t *)(uintptr_t)ips, i, ip) {
        if (json_str(ip, "ip")) {
            l.items[l.n++] = shown(a, ip, "ip", WORD_MAX);
        }
    }
    return l;
}

static struct condition_list
pod_conditions(struct arena *a, const json_t *status)
{
    const json_t *list = json_object_get(status, "conditions");
    struct condition_list l = {.items = ARENA_NEW_N(a, struct condition, json_array_size(list))};
    size_t i;
    json_t *c;

    json_array_foreach((json_t *)(uintptr_t)list, i, c) {
        l.items[l.n++] = (struct condition){.type = json_str(c, "type"),
                                            .status = json_str(c, "status"),
                                            .reason = shown(a, c, "reason", WORD_MAX),
                                            .message = shown(a, c, "message", TEXT_MAX),
                                            .last_transition_time = json_str(c, "lastTransitionTime")};
    }
    return l;
}

/* The launcher's container is the only one of the pod. */
static void
container_state(struct arena *a, const json_t *status, struct pod_view *v)
{
    const json_t *container = json_array_get(json_object_get(status, "containerStatuses"), 0);
    const json_t *state = json_object_get(container, "state");
    const json_t *waiting = json_object_get(state, "waiting");
    const json_t *terminated = json_object_get(state, "terminated");

    v->image = shown(a, container, "image", TEXT_MAX);
    v->started = json_object_get(state, "running") != NULL;
    v->waiting_reason = shown(a, waiting, "reason", WORD_MAX);
    v->waiting_message = shown(a, waiting, "message", TEXT_MAX);
    if (terminated) {
        v->terminated = true;
        v->exit_code = json_int(terminated, "exitCode", -1);
        v->terminated_reason = shown(a, terminated, "reason", WORD_MAX);
        v->last_words = last_words(a, json_str(terminated, "message"));
        v->last_text = v->last_words ? NULL : shown(a, terminated, "message", TEXT_MAX);
    }
}

/* A termination message that is none of ours is no error: the exit code speaks then. */
static struct launcher_state *
last_words(struct arena *a, const char *text)
{
    json_t *j = NULL;
    const char *type;
    struct launcher_state *s = ARENA_NEW(a, struct launcher_state);

    if (!text) {
        return NULL;
    }
    struct err *e = launcher_msg_parse(text, strlen(text), &j, &type);
    if (!e) {
        e = api_decode(&launcher_state_type, json_in_arena(a, j), a, s);
    }
    if (e) {
        err_free(e); /* see above */
        return NULL;
    }
    return s;
}
