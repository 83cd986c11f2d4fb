// Namespaces and, in each, the service account without which no pod is admitted: a controller manager makes it too, but later.
#include "batch.h"
#include "load.h"

enum { PARALLEL = 32 };

struct making {
    const char *prefix;
    void (*done)(void *arg, const struct err *err);
    void *arg;
};

static void
make_step(void *arg, size_t job, size_t step, struct batch_write *ret_write)
{
    const struct making *m = arg;

    *ret_write = (struct batch_write){.verb = KUBE_POST, .resource = step == 0 ? "namespaces" : "serviceaccounts"};
    if (step == 0) {
        ret_write->path = xstrdup("/api/v1/namespaces");
        ret_write->body = xasprintf("{\"metadata\":{\"name\":\"%s-%zu\"}}", m->prefix, job);
    } else {
        ret_write->path = xasprintf("/api/v1/namespaces/%s-%zu/serviceaccounts", m->prefix, job);
        ret_write->body = xstrdup("{\"metadata\":{\"name\":\"default\"}}");
    }
}

static bool
took_step(void *arg, size_t job, size_t step, const struct kube_reply *reply)
{
    (void)arg;
    (void)job;
    (void)step;
    return !reply->err || str_eq(reply->reason, "AlreadyExists");
}

static void
on_made(void *arg, const struct batch_result *result)
{
    struct making *m = arg;

    m->done(m->arg, result->first);
    free(m);
}

void
load_make_namespaces(struct load *l, const char *prefix, void (*done)(void *arg, const struct err *err), void *arg)
{
    struct making *m = XNEW(struct making);
    const struct batch_plan plan = {.n_jobs = l->n_namespaces,
                                    .n_steps = 2,
                                    .parallel = PARALLEL,
                                    .make = make_step,
                                    .took = took_step,
                                    .done = on_made,
                                    .arg = m};

    *m = (struct making){.prefix = prefix, .done = done, .arg = arg};
    batch_start(&l->loop, l->kube, &plan);
}
