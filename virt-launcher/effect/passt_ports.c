// A timer looks every ten seconds; pesto is run only when something differs.
#include "effect/passt_ports.h"

#include "effect/child.h"
#include "effect/pod_network.h"

static const struct child_limits pesto_limits = {.timeout_ms = 5000};

static void ports_look(struct passt_ports *p);
static void ports_change(struct passt_ports *p);
static void on_table(void *arg, struct err *e, const char *out);
static void on_changed(void *arg, struct err *e, const char *out);

static void
on_timer(uv_timer_t *t)
{
    ports_look(t->data);
}

void
passt_ports_init(struct passt_ports *p, uv_loop_t *loop, const char *socket, const struct log *log)
{
    memset(p, 0, sizeof(*p));
    p->loop = loop;
    p->socket = socket;
    p->log = log;
    BUG_ON(uv_timer_init(loop, &p->timer) != 0);
    p->timer.data = p;
}

void
passt_ports_set(struct passt_ports *p, const struct port_set *wish)
{
    if (p->is_active && port_set_equal(wish, &p->wish)) {
        return;
    }
    p->wish = *wish;
    p->is_active = true;
    p->is_behind = true;
    ports_look(p);
}

void
passt_ports_stop(struct passt_ports *p)
{
    p->is_active = false;
    uv_timer_stop(&p->timer);
}

/* Sorts what is open by what the kernel says. True when all is as wished. */
static bool
ports_measure(struct passt_ports *p)
{
    struct port_set listening, both, was_open = p->open, was_shut = p->shut;
    bool is_settled;
    struct err *e = pod_network_listening(&listening);

    if (e) {
        err_free(e); /* looked at again soon */
        return true;
    }
    port_set_both(&p->table, &listening, &p->open);
    port_set_both(&p->open, &p->wish, &both);
    port_set_minus(&p->wish, &both, &p->shut);
    p->is_untold = p->is_untold || !port_set_equal(&was_open, &p->open) || !port_set_equal(&was_shut, &p->shut);
    is_settled = !p->is_behind || port_set_count(&p->shut) == 0; /* no complaint before passt was asked */
    if (p->is_untold && is_settled && p->changed) {
        p->is_untold = false;
        p->changed(p->arg);
    }
    return port_set_equal(&p->table, &p->wish) && port_set_equal(&p->open, &p->wish);
}

static void
ports_later(struct passt_ports *p, int64_t ms)
{
    if (p->is_active) {
        uv_timer_start(&p->timer, on_timer, (uint64_t)ms, 0);
    }
}

static void
ports_look(struct passt_ports *p)
{
    const char *const args[] = {"pesto", "-s", p->socket, NULL};

    if (!p->is_active || p->is_asking) {
        return;
    }
    if (ports_measure(p) && !p->is_behind) {
        ports_later(p, PASST_CHECK_MS);
        return;
    }
    struct err *e = child_run(p->loop, args, &pesto_limits, on_table, p);
    p->is_asking = !e;
    if (e) {
        log_warn(p->log, "pesto cannot be run", F_ERR(e));
        err_free(e); /* tried again */
        ports_later(p, PASST_CHECK_MS);
    }
}

static void
on_table(void *arg, struct err *e, const char *out)
{
    struct passt_ports *p = arg;

    p->is_asking = false;
    if (e) {
        log_debug(p->log, "passt does not answer yet", F_ERR(e));
        err_free(e); /* it may be starting */
        ports_later(p, p->is_behind ? PASST_SETTLE_MS : PASST_CHECK_MS);
        return;
    }
    p->is_behind = false;
    port_set_read_pesto(out, &p->table);
    if (!p->may_close) { /* somebody before us opened more, and whoever asked for it has not spoken yet */
        port_set_merge(&p->table, &p->wish);
        p->may_close = true;
    }
    (void)ports_measure(p); /* what to do about it follows */
    ports_change(p);
}

/* "pesto -A -t 22,80 -u 53 SOCKET"; returns the number of arguments, 0 when there is nothing to change. */
static size_t
write_args(const struct passt_ports *p, const char **args, const char *what, const struct port_set *set,
           struct strbuf texts[2])
{
    static const char *const options[] = {"-t", "-u"};
    size_t n = 0;

    args[n++] = "pesto";
    args[n++] = what;
    for (size_t i = 0; i < 2; i++) {
        if (port_set_text(set, i == 1, &texts[i]) && texts[i].len > 0) {
            args[n++] = options[i];
            args[n++] = texts[i].buf;
        }
    }
    if (n == 2) {
        return 0;
    }
    args[n++] = p->socket;
    args[n] = NULL;
    return n;
}

/* passt takes a port into its table even when it cannot listen there, and then forgets the others: so ports are tried first, and what
 * is in the table without being listened on is taken out. Taking out comes first; adding follows at the next look, since pesto does
 * not do both in one call. */
static void
ports_change(struct passt_ports *p)
{
    struct strbuf texts[2] = {STRBUF_INIT(65536), STRBUF_INIT(65536)};
    struct port_set keep, gone, missing, fresh, refused;
    const char *args[8];

    port_set_both(&p->open, &p->wish, &keep);
    port_set_minus(&p->table, &keep, &gone);
    port_set_minus(&p->wish, &keep, &missing);
    pod_network_try_ports(&missing, &fresh, &refused, &p->why);
    size_t n = write_args(p, args, "-D", &gone, texts);
    if (n == 0) {
        n = write_args(p, args, "-A", &fresh, texts);
    }
    if (n > 0) {
        struct err *e = child_run(p->loop, args, &pesto_limits, on_changed, p);
        p->is_asking = !e;
        err_free(e); /* tried again */
    }
    strbuf_fini(&texts[0]);
    strbuf_fini(&texts[1]);
    if (!p->is_asking) {
        ports_later(p, p->is_behind ? PASST_SETTLE_MS : PASST_CHECK_MS);
    }
}

static void
on_changed(void *arg, struct err *e, const char *out)
{
    struct passt_ports *p = arg;

    (void)out; /* the table is asked for again */
    p->is_asking = false;
    if (e) {
        log_warn(p->log, "ports cannot be changed", F_ERR(e));
    }
    p->is_behind = !e; /* look once more, soon, at what came of it */
    err_free(e);       /* tried again */
    ports_later(p, p->is_behind ? PASST_SETTLE_MS : PASST_CHECK_MS);
}

char *
passt_ports_complaint(const struct passt_ports *p)
{
    for (int udp = 0; udp < 2; udp++) {
        for (unsigned port = 1; port < PORT_NUMBERS; port++) {
            if (port_set_has(&p->shut, udp, port)) {
                return xasprintf("port %s %u cannot be opened: %s", udp ? "udp" : "tcp", port,
                                 p->why ? strerrordesc_np(p->why) : "passt does not listen on it");
            }
        }
    }
    return NULL;
}
