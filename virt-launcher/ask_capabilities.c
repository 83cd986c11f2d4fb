// Nothing else runs here: libvirt is waited for on the loop's own thread.
#include "ask_capabilities.h"

#include <stdio.h>

#include "base/clock.h"
#include "effect/files.h"
#include "effect/libvirt_daemon.h"
#include "observe/capabilities_read.h"
#include "observe/domain_read.h"

enum { TRY_EVERY_MS = 50, TRY_FOR_MS = 60 * 1000, ARENA_BYTES = 4 * 1024 * 1024 };

struct asking {
    uv_loop_t *loop;
    struct arena *arena;
    struct paths paths;
    struct log log;
    const char *hypervisor;
    struct libvirt_daemon daemon;
    uv_timer_t timer;
    int64_t since_ms;
    struct domain_capabilities answer;
    struct err *error;
};

static void try_to_ask(uv_timer_t *timer);
static struct err *ask(struct asking *k);
static char *answer_text(struct asking *k);
static void tell(const struct asking *k, const char *text);

int
ask_capabilities(const char *root, const char *hypervisor)
{
    struct asking k = {.loop = uv_default_loop(),
                       .arena = arena_new(ARENA_BYTES),
                       .log = {.part = "launcher"},
                       .hypervisor = hypervisor,
                       .since_ms = clock_mono_ms()};

    paths_make(k.arena, root, &k.paths);
    k.error = file_make_dirs(k.paths.run);
    if (!k.error) {
        k.error = libvirt_daemon_configure(&k.paths);
    }
    if (!k.error) {
        libvirt_daemon_bake_cache(&k.paths);
        libvirt_daemon_init(&k.daemon, k.loop, &k.paths, &k.log);
        BUG_ON(uv_timer_init(k.loop, &k.timer) != 0);
        BUG_ON(uv_timer_start(&k.timer, try_to_ask, 0, TRY_EVERY_MS) != 0);
        (void)uv_run(k.loop, UV_RUN_DEFAULT); /* until both the timer and libvirtd are gone */
    }
    AUTO(freep) char *text = k.error ? xstrdup(err_text(k.error)) : answer_text(&k);
    bool is_told = text != NULL;
    tell(&k, is_told ? text : "the answer is longer than a termination message");
    bool is_known = !k.error && is_told;
    err_free(k.error);
    arena_free(k.arena);
    return is_known ? 0 : 1;
}

/* libvirtd listens a moment after its start. */
static void
try_to_ask(uv_timer_t *timer)
{
    struct asking *k = CONTAINER_OF(timer, struct asking, timer);
    int64_t now_ms = clock_mono_ms();

    libvirt_daemon_start(&k->daemon, now_ms);
    err_free(k->error);
    k->error = ask(k);
    bool may_pass = k->error && err_class(k->error) == ERR_RETRY;
    if (!may_pass || now_ms - k->since_ms >= TRY_FOR_MS) {
        uv_close((uv_handle_t *)timer, NULL);
        libvirt_daemon_stop(&k->daemon);
    }
}

static struct err *
ask(struct asking *k)
{
    virConnectPtr conn = virConnectOpen(k->paths.libvirt_uri);

    if (!conn) {
        return libvirt_error("connect to libvirt");
    }
    struct err *e = capabilities_read(conn, k->hypervisor, k->arena, &k->answer);
    (void)virConnectClose(conn); /* drops one reference */
    return e;
}

/* "EPYC-v2": QEMU's versions of a model, nearly all of which have a name beside. */
static bool
is_version(const char *model)
{
    const char *v = strrchr(model, '-');

    return v && v[1] == 'v' && v[2] != '\0' && v[2 + strspn(v + 2, "0123456789")] == '\0';
}

static void
drop_versions(struct str_list *models)
{
    size_t n = 0;

    for (size_t i = 0; i < models->n; i++) {
        if (!is_version(models->items[i])) {
            models->items[n++] = models->items[i];
        }
    }
    models->n = n;
}

/* NULL when it is too long to be told, without versions of models too; the caller frees. */
static char *
answer_text(struct asking *k)
{
    for (int is_short = 0; is_short < 2; is_short++) {
        AUTO(json_freep) json_t *j = api_encode(&domain_capabilities_type, &k->answer);
        AUTO(freep) char *text = json_compact(j);
        if (strlen(text) <= NODE_ANSWER_MAX) {
            return STEAL(text);
        }
        drop_versions(&k->answer.cpu_models);
    }
    return NULL;
}

static void
tell(const struct asking *k, const char *text)
{
    printf("%s\n", text); /* for whoever reads the log */
    if (!file_overwrite(k->paths.termination, text)) {
        log_error(&k->log, "the termination message cannot be written", F_STR("path", k->paths.termination));
    }
}
