// What is watched: beginning it, waiting for counts, writing down what was seen.
#include "feed.h"
#include "launchers.h"
#include "load.h"

enum { WAIT_MAX_N = 10000000, WAIT_MAX_S = 24 * 3600, WAIT_S = 600, COUNT_CONNECTED = N_COUNTS };

static const struct {
    const char *name;
    int count;
} counts[] = {
    {"vm", COUNT_VM},     {"ready", COUNT_READY},
    {"vmi", COUNT_VMI},   {"vmi_running", COUNT_VMI_RUNNING},
    {"pod", COUNT_POD},   {"pod_running", COUNT_POD_RUNNING},
    {"gone", COUNT_GONE}, {"connected", COUNT_CONNECTED},
};

struct load_wait {
    struct load *load;
    uv_timer_t timer;
    const char *name;
    int count;
    size_t n;
    uint64_t started_ns;
    struct err *error; /* NULL: reached */
    bool is_over;
};

static void
on_synced(void *arg, const struct err *err)
{
    struct load *l = arg;

    if (err) {
        load_refuse(l, err_wrap(err_copy(err), "watch"), NULL);
        return;
    }
    load_answer(l, json_pack("{s:I, s:I, s:I}", "vms", (json_int_t)l->book.counts[COUNT_VM], "vmis",
                             (json_int_t)l->book.counts[COUNT_VMI], "pods", (json_int_t)l->book.counts[COUNT_POD]));
}

struct err *
load_watch(struct load *l, const json_t *command)
{
    (void)command;
    if (l->feeds) {
        on_synced(l, NULL);
        return NULL;
    }
    l->feeds = feeds_new(&l->loop, l->kube, &l->book, l->prefix, on_synced, l);
    return NULL;
}

static size_t
count_now(const struct load *l, int count)
{
    return count == COUNT_CONNECTED ? launchers_connected(l->players) : l->book.counts[count];
}

static void
on_closed(uv_handle_t *handle)
{
    struct load_wait *w = handle->data;
    struct load *l = w->load;
    json_t *facts = json_pack("{s:I, s:f}", "n", (json_int_t)count_now(l, w->count), "seconds",
                              (double)(uv_hrtime() - w->started_ns) / 1e9);

    l->wait = NULL;
    if (w->error) {
        load_refuse(l, w->error, facts);
    } else {
        load_answer(l, facts);
    }
    free(w);
}

static void
wait_end(struct load_wait *w)
{
    w->is_over = true;
    uv_close((uv_handle_t *)&w->timer, on_closed);
}

static void
on_timeout(uv_timer_t *timer)
{
    struct load_wait *w = timer->data;

    w->error =
        err_new(ERR_RETRY, "%zu of %zu are %s when the time is over", count_now(w->load, w->count), w->n, w->name);
    wait_end(w);
}

void
load_wait_check(struct load *l)
{
    struct load_wait *w = l->wait;

    if (w && !w->is_over && count_now(l, w->count) >= w->n) {
        wait_end(w);
    }
}

struct err *
load_wait_for(struct load *l, const json_t *command)
{
    const char *what = json_str(command, "for");
    size_t n = 0;
    size_t seconds = 0;
    size_t row = 0;
    struct err *e = load_number(command, "n", -1, WAIT_MAX_N, &n);

    if (!e) {
        e = load_number(command, "timeout_s", WAIT_S, WAIT_MAX_S, &seconds);
    }
    while (row < ARRAY_LEN(counts) && !str_eq(what, counts[row].name)) {
        row++;
    }
    if (!e && row == ARRAY_LEN(counts)) {
        e = err_new(ERR_INVALID,
                    "wait: 'for' is none of vm, ready, vmi, vmi_running, pod, pod_running, gone, connected");
    }
    if (!e && !l->feeds) {
        e = err_new(ERR_INVALID, "wait: nothing is watched; send {\"do\":\"watch\"} before");
    }
    if (e) {
        return e;
    }
    struct load_wait *w = XNEW(struct load_wait);
    *w = (struct load_wait){
        .load = l, .name = counts[row].name, .count = counts[row].count, .n = n, .started_ns = uv_hrtime()};
    BUG_ON(uv_timer_init(&l->loop, &w->timer) != 0);
    w->timer.data = w;
    uv_update_time(&l->loop);
    BUG_ON(uv_timer_start(&w->timer, on_timeout, (uint64_t)seconds * 1000, 0) != 0);
    l->wait = w;
    load_wait_check(l);
    return NULL;
}

static struct err *
write_down(struct load *l, const json_t *command,
           struct err *(*write)(const struct book *b, const char *path, size_t *ret_n))
{
    const char *path = json_str(command, "file");
    size_t n = 0;
    struct err *e = str_empty(path) ? err_new(ERR_INVALID, "file is missing") : write(&l->book, path, &n);

    if (!e) {
        load_answer(l, json_pack("{s:I}", "n", (json_int_t)n));
    }
    return e;
}

struct err *
load_times(struct load *l, const json_t *command)
{
    return write_down(l, command, book_write_times);
}

struct err *
load_versions(struct load *l, const json_t *command)
{
    return write_down(l, command, book_write_versions);
}
