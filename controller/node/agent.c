// One watch for all; whatever changes, everything is looked at.
#include "agent.h"

#include "resource.h"
#include "watch.h"

#include "base/log.h"

#include <sys/stat.h>

struct agent {
    const struct node_options *options;
    struct place place;
    const struct device *offers;
    size_t n_offers;
    struct watch *watch;
    char *kubelet;    /* its socket */
    struct stat seen; /* of that, when it was last there; all zero: never */
    struct resource *resources[DEVICES_MAX];
    bool is_stopping;
    bool has_failed;
};

static const struct log lg = {.part = "node"};

static void look(void *arg);
static struct err *watch_all(struct agent *a);
static struct err *look_at_all(struct agent *a);
static bool is_kubelet_new(struct agent *a);

struct err *
agent_new(uv_loop_t *loop, const struct node_options *options, struct agent **ret_agent)
{
    struct agent *a = XNEW(struct agent);

    a->options = options;
    a->place = (struct place){.loop = loop, .plugin_dir = options->plugin_dir, .root = options->root};
    if (options->is_access) {
        a->place.gives = options->devices;
        a->place.n_gives = options->n_devices;
    }
    a->offers = node_options_offers(options, &a->n_offers);
    a->kubelet = xasprintf("%s/kubelet.sock", options->plugin_dir);
    struct err *e = watch_new(loop, look, a, &a->watch);
    if (!e) {
        e = watch_all(a);
    }
    if (e) {
        watch_close(a->watch);
        agent_free(a);
        return e;
    }
    (void)is_kubelet_new(a); /* from now on */
    for (size_t i = 0; i < a->n_offers; i++) {
        a->resources[i] = resource_new(&a->place, &a->offers[i]);
    }
    *ret_agent = a;
    return NULL;
}

void
agent_stop(struct agent *a)
{
    if (a->is_stopping) {
        return;
    }
    a->is_stopping = true;
    watch_close(a->watch);
    for (size_t i = 0; i < ARRAY_LEN(a->resources); i++) {
        resource_close(a->resources[i]);
    }
}

bool
agent_has_failed(const struct agent *a)
{
    return a->has_failed;
}

void
agent_free(struct agent *a)
{
    if (a) {
        free(a->kubelet);
        free(a);
    }
}

static void
look(void *arg)
{
    struct agent *a = arg;

    if (a->is_stopping) {
        return;
    }
    AUTO(err_freep) struct err *e = watch_all(a);
    if (!e) {
        e = look_at_all(a);
    }
    if (e) {
        log_error(&lg, "it ends, to be started anew", F_ERR(e));
        a->has_failed = true;
        agent_stop(a);
    }
}

/* Folders that were made anew have to be watched anew. In a pod the kubelet's is a mount: once it is taken away, the one that is made in its
 * place can be seen only after a restart. */
static struct err *
watch_all(struct agent *a)
{
    struct stat dir;
    struct err *e = NULL;

    if (stat(a->options->plugin_dir, &dir) != 0 || dir.st_nlink == 0) {
        return err_new(ERR_RETRY, "there is no folder %s", a->options->plugin_dir);
    }
    e = watch_place(a->watch, a->kubelet);
    for (size_t i = 0; i < a->n_offers && !e; i++) {
        AUTO(freep) char *path = xasprintf("%s%s", a->options->root, a->offers[i].path);
        e = watch_place(a->watch, path);
    }
    return e;
}

static struct err *
look_at_all(struct agent *a)
{
    bool is_new = is_kubelet_new(a);
    struct err *e = NULL;

    if (is_new) {
        log_info(&lg, "the kubelet has started");
    }
    for (size_t i = 0; i < a->n_offers && !e; i++) {
        e = resource_look(a->resources[i], is_new);
    }
    return e;
}

/* By its time, too: the number of a file that has gone is used again. */
static bool
is_kubelet_new(struct agent *a)
{
    struct stat now;

    if (stat(a->kubelet, &now) != 0) {
        return false;
    }
    bool is_same = now.st_ino == a->seen.st_ino && now.st_dev == a->seen.st_dev &&
                   now.st_mtim.tv_sec == a->seen.st_mtim.tv_sec && now.st_mtim.tv_nsec == a->seen.st_mtim.tv_nsec;
    a->seen = now;
    return !is_same;
}
