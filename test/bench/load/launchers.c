// The commands about launchers: tokens and dialling, reports at a rate, the end.
#include "launchers.h"

#include <unistd.h>

#include "batch.h"
#include "load.h"
#include "player.h"
#include "report/gateway_tls.h"

enum {
    LAUNCHERS_MAX = 1000000,
    TOKEN_S = 6 * 3600, /* the kubelet's live for an hour and are rotated; these outlive the bench */
    RATE_MAX = 1000000,
    SECONDS_MAX = 24 * 3600,
    REPORT_TICK_MS = 20,
    FLUSH_MS = 3000,
    CLOSE_TICK_MS = 10,
    QUIET_TICKS = 5,
    FILES_SPARE = 256, /* for everything that is no launcher */
};

/* The command at hand: 'connect' or 'report' or 'disconnect'; one at a time. */
struct players {
    struct load *load;
    struct stage stage;
    uv_timer_t timer;
    void (*changed)(struct players *p); /* of the command at hand, or NULL */
    struct player **fresh;              /* held: they get tokens, then dial */
    size_t n_fresh;
    size_t next;
    size_t wanted;
    size_t parallel;
    uint64_t started_ns;
    double token_seconds;
    size_t timeout_s;
    size_t rate; /* of reports, a second */
    size_t seconds;
    size_t n_asked;
    size_t n_sent_before;
    bool has_agent;
    unsigned n_quiet_ticks;
};

static double
seconds_since(uint64_t ns)
{
    return (double)(uv_hrtime() - ns) / 1e9;
}

size_t
launchers_connected(const struct players *p)
{
    return p ? p->stage.n_connected : 0;
}

void
launchers_pod_gone(struct players *p, const char *pod_uid)
{
    struct player *player = NULL;

    if (p) {
        HASH_FIND_STR(p->stage.players, pod_uid, player);
    }
    if (player) {
        player_leave(player);
    }
}

static void
on_changed(void *arg)
{
    struct players *p = arg;

    if (p->changed) {
        p->changed(p);
    }
    load_wait_check(p->load);
}

static struct err *
players_get(struct load *l, struct players **ret_players)
{
    if (!l->players) {
        struct players *p = XNEW(struct players);
        struct err *e = stage_init(&p->stage, &l->loop);
        if (e) {
            free(p);
            return e;
        }
        p->load = l;
        p->stage.changed = on_changed;
        p->stage.arg = p;
        BUG_ON(uv_timer_init(&l->loop, &p->timer) != 0);
        p->timer.data = p;
        l->players = p;
    }
    *ret_players = l->players;
    return NULL;
}

/* connect */

static void
connect_end(struct players *p, struct err *e)
{
    json_t *facts = json_pack("{s:I, s:f, s:f}", "connected", (json_int_t)p->stage.n_connected, "seconds",
                              p->started_ns ? seconds_since(p->started_ns) : 0.0, "token_seconds", p->token_seconds);

    p->changed = NULL;
    (void)uv_timer_stop(&p->timer);
    for (size_t i = 0; i < p->n_fresh; i++) {
        player_release(p->fresh[i]);
    }
    free(STEAL(p->fresh));
    p->n_fresh = 0;
    if (e) {
        load_refuse(p->load, e, facts);
    } else {
        load_answer(p->load, facts);
    }
}

static void
on_connect_timeout(uv_timer_t *timer)
{
    struct players *p = timer->data;

    connect_end(p, err_new(ERR_RETRY, "%zu of %zu launchers are connected when the time is over", p->stage.n_connected,
                           p->wanted));
}

/* Dials as many as there are places, and looks whether all are there. */
static void
connect_go_on(struct players *p)
{
    while (p->stage.n_first < p->parallel && p->next < p->n_fresh) {
        struct player *player = p->fresh[p->next++];
        if (!player->is_leaving) {
            player->is_first = true;
            p->stage.n_first++;
            player_dial(player);
        }
    }
    if (p->stage.n_connected >= p->wanted) {
        connect_end(p, NULL);
    }
}

static void
on_connect_tick(uv_timer_t *timer)
{
    struct players *p = timer->data;

    if (seconds_since(p->started_ns) > (double)p->timeout_s) {
        on_connect_timeout(timer);
    } else {
        connect_go_on(p);
    }
}

static void
make_token(void *arg, size_t job, size_t step, struct batch_write *ret_write)
{
    const struct players *p = arg;
    const struct player *player = p->fresh[job];

    (void)step; /* there is one */
    *ret_write = (struct batch_write){
        .verb = KUBE_POST,
        .resource = "serviceaccounts/token",
        .path = xasprintf("/api/v1/namespaces/%s/serviceaccounts/%s/token", player->namespace, player->account),
        .body =
            xasprintf("{\"apiVersion\":\"authentication.k8s.io/v1\",\"kind\":\"TokenRequest\",\"spec\":{\"audiences\":["
                      "\"vmbridge-gateway\"],\"expirationSeconds\":%d,\"boundObjectRef\":{\"apiVersion\":\"v1\","
                      "\"kind\":\"Pod\",\"name\":\"%s\",\"uid\":\"%s\"}}}",
                      TOKEN_S, player->pod, player->uid),
    };
}

static bool
took_token(void *arg, size_t job, size_t step, const struct kube_reply *reply)
{
    struct players *p = arg;
    const char *token = reply->err ? NULL : json_str(json_object_get(reply->body, "status"), "token");

    (void)step;
    if (str_empty(token)) {
        return false;
    }
    free(p->fresh[job]->token);
    p->fresh[job]->token = xstrdup(token);
    return true;
}

static void
on_tokens(void *arg, const struct batch_result *result)
{
    struct players *p = arg;

    p->token_seconds = result->seconds;
    if (result->n_failed > 0) {
        for (size_t i = 0; i < p->n_fresh; i++) {
            player_leave(p->fresh[i]);
        }
        connect_end(p, err_wrap(err_copy(result->first), "tokens"));
        return;
    }
    p->started_ns = uv_hrtime();
    p->changed = NULL;
    uv_update_time(&p->load->loop);
    /* By the timer: a dial that fails at once would call back into the middle of the one before it. */
    BUG_ON(uv_timer_start(&p->timer, on_connect_tick, 0, REPORT_TICK_MS / 4) != 0);
}

/* The pods that are to have a launcher and have none, in the order in which they were seen; at most 'n' launchers in all. */
static void
pick_pods(struct players *p, size_t n)
{
    size_t n_there = HASH_COUNT(p->stage.players);

    p->fresh = xcalloc(n, sizeof(struct player *));
    for (const struct thing *t = p->load->book.things; t && n_there + p->n_fresh < n; t = t->hh.next) {
        struct player *player = NULL;
        if (t->kind != KIND_POD || !t->is_good) {
            continue;
        }
        HASH_FIND_STR(p->stage.players, t->uid, player);
        if (!player) {
            player = player_new(&p->stage, t);
            player->is_held = true;
            p->fresh[p->n_fresh++] = player;
        }
    }
}

static struct err *
connect_read(struct players *p, const json_t *command)
{
    const char *ca = json_str(command, "ca");
    const char *name = json_str(command, "name");
    struct err *e = load_number(command, "n", -1, LAUNCHERS_MAX, &p->wanted);

    if (!e) {
        e = load_number(command, "parallel", 32, LAUNCHERS_MAX, &p->parallel);
    }
    if (!e) {
        e = load_number(command, "timeout_s", 120, SECONDS_MAX, &p->timeout_s);
    }
    if (!e) {
        e = player_parse_address(json_str(command, "gateway"), p->stage.host, &p->stage.port);
    }
    if (!e) {
        e = ca ? gateway_tls_trust(p->stage.tls, ca) : err_new(ERR_INVALID, "ca is missing: a file of certificates");
    }
    if (!e && sysconf(_SC_OPEN_MAX) < (long)p->wanted + FILES_SPARE) {
        e = err_new(ERR_INVALID, "%zu launchers need more open files than %ld; raise ulimit -n", p->wanted,
                    sysconf(_SC_OPEN_MAX));
    }
    if (!e && p->load->book.counts[COUNT_POD_RUNNING] < p->wanted) {
        e = err_new(ERR_INVALID, "only %zu launcher pods are Running", p->load->book.counts[COUNT_POD_RUNNING]);
    }
    if (!e) {
        free(p->stage.name);
        p->stage.name = xstrdup(name ? name : "vmbridge-gateway");
    }
    return e;
}

struct err *
load_connect(struct load *l, const json_t *command)
{
    struct players *p = NULL;
    struct err *e = players_get(l, &p);

    if (!e) {
        e = connect_read(p, command);
    }
    if (e) {
        return e;
    }
    pick_pods(p, p->wanted);
    p->next = 0;
    p->started_ns = 0;
    p->token_seconds = 0;
    const struct batch_plan plan = {.n_jobs = p->n_fresh,
                                    .n_steps = 1,
                                    .parallel = p->parallel,
                                    .make = make_token,
                                    .took = took_token,
                                    .done = on_tokens,
                                    .arg = p};
    batch_start(&l->loop, l->kube, &plan);
    return NULL;
}

struct err *
load_connected(struct load *l, const json_t *command)
{
    static const struct stage none;
    const struct stage *s = l->players ? &l->players->stage : &none;

    (void)command;
    load_answer(l,
                json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "connected", (json_int_t)s->n_connected, "launchers",
                          (json_int_t)HASH_COUNT(s->players), "redirected", (json_int_t)s->n_redirected, "dials",
                          (json_int_t)s->n_dials, "refused", (json_int_t)s->n_refused, "sent", (json_int_t)s->n_sent));
    return NULL;
}

/* report */

static void
report_end(struct players *p)
{
    (void)uv_timer_stop(&p->timer);
    load_answer(p->load, json_pack("{s:I, s:I, s:f}", "sent", (json_int_t)(p->stage.n_sent - p->n_sent_before), "asked",
                                   (json_int_t)p->n_asked, "seconds", seconds_since(p->started_ns)));
}

/* The next launcher that is connected, in a ring. */
static struct player *
next_connected(struct stage *s)
{
    for (size_t i = HASH_COUNT(s->players); i > 0; i--) {
        struct player *p = s->cursor ? s->cursor : s->players;
        s->cursor = p->hh.next;
        if (p->is_taken && !p->is_leaving) {
            return p;
        }
    }
    return NULL;
}

static void
on_report_tick(uv_timer_t *timer)
{
    struct players *p = timer->data;
    double seconds = seconds_since(p->started_ns);
    size_t total = p->rate * p->seconds;
    size_t due = (size_t)((double)p->rate * seconds);

    for (due = due < total ? due : total; p->n_asked < due; p->n_asked++) {
        struct player *player = next_connected(&p->stage);
        if (!player) {
            break;
        }
        player_report(player, p->has_agent);
    }
    bool is_sent = p->stage.n_sent - p->n_sent_before >= total;
    if (seconds > (double)p->seconds && (is_sent || seconds > (double)p->seconds + FLUSH_MS / 1e3)) {
        report_end(p);
    }
}

struct err *
load_report(struct load *l, const json_t *command)
{
    struct players *p = l->players;
    size_t rate = 0;
    size_t seconds = 0;
    struct err *e = load_number(command, "rate", -1, RATE_MAX, &rate);

    if (!e) {
        e = load_number(command, "seconds", -1, SECONDS_MAX, &seconds);
    }
    if (!e && launchers_connected(p) == 0) {
        e = err_new(ERR_INVALID, "no launcher is connected");
    }
    if (e) {
        return e;
    }
    p->rate = rate;
    p->seconds = seconds;
    p->has_agent = json_bool(command, "agent", false);
    p->n_asked = 0;
    p->n_sent_before = p->stage.n_sent;
    p->started_ns = uv_hrtime();
    uv_update_time(&l->loop);
    BUG_ON(uv_timer_start(&p->timer, on_report_tick, 0, REPORT_TICK_MS) != 0);
    return NULL;
}

/* disconnect and the end */

static void
all_leave(struct stage *s)
{
    struct player *player = NULL;
    struct player *tmp = NULL;

    HASH_ITER(hh, s->players, player, tmp) {
        player_leave(player);
    }
}

static void
on_all_gone(struct players *p)
{
    if (p->stage.n_open == 0) {
        p->changed = NULL;
        load_answer(p->load, json_object());
    }
}

struct err *
load_disconnect(struct load *l, const json_t *command)
{
    struct players *p = l->players;

    (void)command;
    if (!p || p->stage.n_open == 0) {
        load_answer(l, json_object());
        return NULL;
    }
    p->changed = on_all_gone;
    all_leave(&p->stage);
    return NULL;
}

static void
on_closed(uv_handle_t *handle)
{
    struct players *p = handle->data;

    SSL_CTX_free(p->stage.tls);
    free(p->stage.name);
    free(p);
}

/* On a loop that is not its own libwebsockets wants to be asked twice: it closes its handles first, and itself when the loop has
 * closed them; some turns are let pass in between. Then it clears the pointer. */
static void
on_close_tick(uv_timer_t *timer)
{
    struct players *p = timer->data;

    if (p->stage.n_open > 0) {
        return;
    }
    p->n_quiet_ticks++;
    if (p->stage.lws && (p->n_quiet_ticks == 1 || p->n_quiet_ticks == 1 + QUIET_TICKS)) {
        lws_context_destroy(p->stage.lws);
    }
    if (!p->stage.lws) {
        uv_close((uv_handle_t *)timer, on_closed);
    }
}

void
launchers_close(struct players *p)
{
    if (p) {
        p->stage.changed = NULL;
        all_leave(&p->stage);
        BUG_ON(uv_timer_start(&p->timer, on_close_tick, 0, CLOSE_TICK_MS) != 0);
    }
}
