// Building and sending Events.
#include "effect/event_record.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "cache/kind.h"

#include <uthash.h>

enum { SEEN_MAX = 2048, SEEN_FOR_MS = 600000, MESSAGE_MAX = 1000 };

struct seen {
    char *text; /* uid, reason and message */
    int64_t until_ms;
    UT_hash_handle hh;
};

struct event_recorder {
    struct kube *kube;
    char *instance;
    struct seen *seen; /* oldest first */
    uint64_t count;
};

static bool was_said(struct event_recorder *er, const char *uid, const struct event_plan *event);
static void forget(struct event_recorder *er, struct seen *s);
static void on_sent(void *arg, const struct kube_reply *reply);

struct event_recorder *
event_recorder_new(struct kube *kube, const char *instance)
{
    struct event_recorder *er = XNEW(struct event_recorder);

    er->kube = kube;
    er->instance = xstrdup(instance);
    return er;
}

void
event_recorder_free(struct event_recorder *er)
{
    struct seen *s;
    struct seen *tmp;

    if (!er) {
        return;
    }
    HASH_ITER(hh, er->seen, s, tmp) {
        forget(er, s);
    }
    free(er->instance);
    free(er);
}

void
event_record(struct event_recorder *er, const struct plan_target *about, const struct event_plan *event)
{
    char now[CLOCK_TIME_SIZE];

    if (was_said(er, about->uid, event)) {
        return;
    }
    clock_format(clock_wall_s(), now);
    AUTO(freep)
    char *name = xasprintf("%.200s.%llx%04llx", about->name, (unsigned long long)clock_mono_ms(),
                           (unsigned long long)(++er->count & 0xffff));
    const char *namespace = str_empty(about->namespace) ? "default" : about->namespace; /* of an object that has none */
    AUTO(freep) char *message = xstrndup(event->message, utf8_cut(event->message, MESSAGE_MAX));
    AUTO(json_freep)
    json_t *j = json_pack(
        "{s:s, s:s, s:{s:s, s:s}, s:{s:s, s:s, s:s*, s:s, s:s}, s:s, s:s, s:s, s:{s:s}, s:s, s:s, s:i, s:s, s:s}",
        "apiVersion", "v1", "kind", "Event", "metadata", "name", name, "namespace", namespace, "involvedObject",
        "apiVersion", about->kind->api_version, "kind", about->kind->kind, "namespace",
        str_empty(about->namespace) ? NULL : about->namespace, "name", about->name, "uid", about->uid, "type",
        event->type, "reason", event->reason, "message", message, "source", "component", "virtualmachine-controller",
        "firstTimestamp", now, "lastTimestamp", now, "count", 1, "reportingComponent", "virtualmachine-controller",
        "reportingInstance", er->instance);
    if (!j) {
        return; /* a message that is not UTF-8: nothing to say */
    }
    AUTO(freep) char *body = json_compact(j);
    AUTO(freep) char *path = xasprintf("/api/v1/namespaces/%s/events", namespace);
    const struct kube_call call = {
        .verb = KUBE_POST, .path = path, .resource = "events", .body = body, .fenced = true, .unread = true};
    (void)kube_send(er->kube, &call, on_sent, er);
}

static bool
was_said(struct event_recorder *er, const char *uid, const struct event_plan *event)
{
    AUTO(freep) char *text = xasprintf("%s %s %s", uid, event->reason, event->message);
    int64_t now_ms = clock_mono_ms();
    struct seen *s;

    while (er->seen && (er->seen->until_ms <= now_ms || HASH_COUNT(er->seen) >= SEEN_MAX)) {
        forget(er, er->seen);
    }
    HASH_FIND_STR(er->seen, text, s);
    if (s) {
        return true;
    }
    s = XNEW(struct seen);
    s->text = STEAL(text);
    s->until_ms = now_ms + SEEN_FOR_MS;
    HASH_ADD_KEYPTR(hh, er->seen, s->text, strlen(s->text), s);
    return false;
}

static void
forget(struct event_recorder *er, struct seen *s)
{
    HASH_DEL(er->seen, s);
    free(s->text);
    free(s);
}

static void
on_sent(void *arg, const struct kube_reply *reply)
{
    (void)arg; /* an event that is lost is lost: the status tells the truth */
    (void)reply;
}
