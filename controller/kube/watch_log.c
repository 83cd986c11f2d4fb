// Counted is each of them, told are as many as a reader can bear.
#include "watch_log.h"

#include "base/clock.h"
#include "kube/request_metrics.h"

void
watch_log_lack(struct watch_log *l, const json_t *object, const struct object_lack *lack)
{
    const json_t *meta = json_object_get(object, "metadata");
    unsigned n_silent = 0;

    if (!lack->why) {
        return;
    }
    metric_watch_skipped(l->metrics, l->resource, lack->reason);
    if (watch_told_now(&l->told, object, clock_mono_ms(), &n_silent)) {
        log_warn(&l->log, "only the header of an object is read", F_STR("namespace", json_str(meta, "namespace")),
                 F_STR("name", json_str(meta, "name")), F_STR("why", lack->why), F_I64("not_told", n_silent));
    }
}

void
watch_log_skip(struct watch_log *l, const char *after, struct err *e)
{
    unsigned n_silent = 0;

    metric_watch_skipped(l->metrics, l->resource, "unreadable");
    if (watch_told_now(&l->told, NULL, clock_mono_ms(), &n_silent)) {
        log_warn(&l->log, "an object is skipped", F_STR("after", after), F_ERR(e), F_I64("not_told", n_silent));
    }
    err_free(e);
}
