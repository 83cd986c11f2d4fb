// uthash finds a key, a binary heap the earliest of those that wait for their time; what is due stands in a line per namespace.
#include "cache/queue.h"

#include "base/backoff.h"

#include <uthash.h>
#include <utlist.h>

enum { BACKOFF_BASE_MS = 200, BACKOFF_MAX_MS = 60000 };

struct item {
    int64_t due_ms;
    size_t place;       /* in the heap, from 1; 0: not in it */
    struct tenant *due; /* whose line it stands in, or NULL */
    struct item *prev;
    struct item *next;
    enum queue_class class;
    bool busy;  /* between pop and done */
    bool again; /* came in while busy */
    struct backoff backoff;
    UT_hash_handle hh;
    char key[];
};

/* The due keys of one namespace, first come first served; gone when there are none. */
struct tenant {
    char *namespace;
    enum queue_class class;
    struct item *items;
    struct tenant *prev; /* in the order of turns */
    struct tenant *next;
    UT_hash_handle hh;
};

struct queue {
    struct item *table;
    struct item **heap; /* heap[0] unused */
    size_t n;
    size_t size;
    struct tenant *tenants[N_QUEUE_CLASSES]; /* by name */
    struct tenant *turns[N_QUEUE_CLASSES];
    size_t n_due;
    uint64_t n_turns; /* of which several classes wanted one */
};

static int class_next(const struct queue *q, int after);
static enum queue_class class_of_turn(struct queue *q);
static struct item *item_find(const struct queue *q, const char *key);
static void item_drop_idle(struct queue *q, struct item *it);
static void item_wait(struct queue *q, struct item *it, int64_t now_ms);
static void item_leave(struct queue *q, struct item *it);
static void line_join(struct queue *q, struct item *it);
static void line_leave(struct queue *q, struct item *it);
static void heap_push(struct queue *q, struct item *it);
static void heap_remove(struct queue *q, struct item *it);
static void heap_up(struct queue *q, size_t i);
static void heap_down(struct queue *q, size_t i);
static void heap_set(struct queue *q, size_t i, struct item *it);

struct queue *
queue_new(void)
{
    struct queue *q = XNEW(struct queue);

    q->size = 64;
    q->heap = xcalloc(q->size, sizeof(*q->heap));
    return q;
}

void
queue_free(struct queue *q)
{
    struct item *it;
    struct item *tmp;

    if (!q) {
        return;
    }
    HASH_ITER(hh, q->table, it, tmp) {
        item_leave(q, it);
        HASH_DEL(q->table, it);
        free(it);
    }
    free(q->heap);
    free(q);
}

static struct item *
item_new(struct queue *q, const char *key)
{
    size_t size = strlen(key) + 1;
    struct item *it = xcalloc(1, sizeof(*it) + size);

    memcpy(it->key, key, size);
    it->backoff = (struct backoff){.base_ms = BACKOFF_BASE_MS, .max_ms = BACKOFF_MAX_MS};
    HASH_ADD_STR(q->table, key, it);
    return it;
}

void
queue_add(struct queue *q, const char *key, enum queue_class class, int64_t now_ms, int64_t delay_ms)
{
    struct item *it = item_find(q, key);
    int64_t due_ms = now_ms + delay_ms;

    BUG_ON(strlen(key) >= QUEUE_KEY_SIZE);
    if (!it) {
        it = item_new(q, key);
    }
    if (it->busy) {
        it->due_ms = it->again && it->due_ms < due_ms ? it->due_ms : due_ms;
        it->class = it->again && it->class < class ? it->class : class;
        it->again = true;
        return;
    }
    bool is_waiting = it->place > 0 || it->due;
    bool is_sooner = !is_waiting || due_ms < it->due_ms;
    bool is_class = !is_waiting || class < it->class;
    if (is_sooner || is_class) {
        bool keeps_place = it->due && !is_class; /* in a line already: the wish adds nothing */
        it->due_ms = is_sooner ? due_ms : it->due_ms;
        it->class = is_class ? class : it->class;
        if (!keeps_place) {
            item_leave(q, it);
            item_wait(q, it, now_ms);
        }
    }
}

const char *
queue_pop(struct queue *q, int64_t now_ms)
{
    while (q->n > 0 && q->heap[1]->due_ms <= now_ms) {
        struct item *due = q->heap[1];
        heap_remove(q, due);
        line_join(q, due);
    }
    if (q->n_due == 0) {
        return NULL;
    }
    enum queue_class class = class_of_turn(q);
    struct tenant *t = q->turns[class];
    struct item *it = t->items;
    if (t->items->next) { /* its next turn comes after the others' */
        DL_DELETE(q->turns[class], t);
        DL_APPEND(q->turns[class], t);
    }
    line_leave(q, it);
    it->busy = true;
    it->again = false;
    return it->key;
}

void
queue_done(struct queue *q, const char *key, int64_t now_ms)
{
    struct item *it = item_find(q, key);

    BUG_ON(!it || !it->busy);
    it->busy = false;
    if (it->again) {
        it->again = false;
        it->due_ms = it->due_ms < now_ms ? now_ms : it->due_ms;
        item_wait(q, it, now_ms);
    } else {
        item_drop_idle(q, it);
    }
}

int64_t
queue_backoff_ms(struct queue *q, const char *key, uint32_t rnd)
{
    struct item *it = item_find(q, key);

    return it ? backoff_next_ms(&it->backoff, rnd) : BACKOFF_BASE_MS;
}

void
queue_forget(struct queue *q, const char *key)
{
    struct item *it = item_find(q, key);

    if (it) {
        backoff_reset(&it->backoff);
    }
}

int64_t
queue_wait_ms(const struct queue *q, int64_t now_ms)
{
    if (q->n_due > 0) {
        return 0;
    }
    if (q->n == 0) {
        return -1;
    }
    int64_t wait = q->heap[1]->due_ms - now_ms;
    return wait > 0 ? wait : 0;
}

size_t
queue_len(const struct queue *q)
{
    return q->n + q->n_due;
}

void
queue_clear(struct queue *q)
{
    struct item *it;
    struct item *tmp;

    HASH_ITER(hh, q->table, it, tmp) {
        it->again = false;
        item_leave(q, it);
        if (!it->busy) {
            HASH_DEL(q->table, it);
            free(it);
        }
    }
}

/* The first class behind 'after' that has a due key; N_QUEUE_CLASSES: none. */
static int
class_next(const struct queue *q, int after)
{
    int next = after + 1;

    while (next < N_QUEUE_CLASSES && !q->turns[next]) {
        next++;
    }
    return next;
}

static enum queue_class
class_of_turn(struct queue *q)
{
    int chosen = class_next(q, -1);
    int next = class_next(q, chosen);

    if (next == N_QUEUE_CLASSES) {
        return (enum queue_class)chosen;
    }
    for (uint64_t turn = ++q->n_turns; turn % QUEUE_NEXT_EVERY == 0 && next < N_QUEUE_CLASSES; turn /= QUEUE_NEXT_EVERY) {
        chosen = next;
        next = class_next(q, chosen);
    }
    return (enum queue_class)chosen;
}

static struct item *
item_find(const struct queue *q, const char *key)
{
    struct item *it = NULL;

    HASH_FIND_STR(q->table, key, it);
    return it;
}

/* A key with a failure count is kept: the count is its memory. It goes when the key succeeds. */
static void
item_drop_idle(struct queue *q, struct item *it)
{
    if (it->backoff.attempts == 0) {
        HASH_DEL(q->table, it);
        free(it);
    }
}

static void
item_wait(struct queue *q, struct item *it, int64_t now_ms)
{
    if (it->due_ms <= now_ms) {
        line_join(q, it);
    } else {
        heap_push(q, it);
    }
}

static void
item_leave(struct queue *q, struct item *it)
{
    if (it->place > 0) {
        heap_remove(q, it);
    } else if (it->due) {
        line_leave(q, it);
    }
}

static void
line_join(struct queue *q, struct item *it)
{
    const char *slash = strchr(it->key, '/');
    const char *from = slash ? slash + 1 : it->key;
    size_t len = strcspn(from, "/");
    struct tenant *t = NULL;

    HASH_FIND(hh, q->tenants[it->class], from, len, t);
    if (!t) {
        t = XNEW(struct tenant);
        t->namespace = xstrndup(from, len);
        t->class = it->class;
        HASH_ADD_KEYPTR(hh, q->tenants[it->class], t->namespace, len, t);
        DL_APPEND(q->turns[it->class], t);
    }
    DL_APPEND(t->items, it);
    it->due = t;
    q->n_due++;
}

static void
line_leave(struct queue *q, struct item *it)
{
    struct tenant *t = it->due;

    DL_DELETE(t->items, it);
    it->due = NULL;
    q->n_due--;
    if (!t->items) {
        HASH_DEL(q->tenants[t->class], t);
        DL_DELETE(q->turns[t->class], t);
        free(t->namespace);
        free(t);
    }
}

static void
heap_push(struct queue *q, struct item *it)
{
    if (q->n + 1 == q->size) {
        q->size *= 2;
        struct item **heap = realloc(q->heap, q->size * sizeof(*heap));
        BUG_ON(!heap);
        q->heap = heap;
    }
    heap_set(q, ++q->n, it);
    heap_up(q, q->n);
}

static void
heap_remove(struct queue *q, struct item *it)
{
    size_t i = it->place;

    it->place = 0;
    struct item *last = q->heap[q->n--];
    if (last == it) {
        return;
    }
    heap_set(q, i, last);
    heap_up(q, i);
    heap_down(q, last->place);
}

static void
heap_up(struct queue *q, size_t i)
{
    struct item *it = q->heap[i];

    while (i > 1 && q->heap[i / 2]->due_ms > it->due_ms) {
        heap_set(q, i, q->heap[i / 2]);
        i /= 2;
    }
    heap_set(q, i, it);
}

static void
heap_down(struct queue *q, size_t i)
{
    struct item *it = q->heap[i];

    for (size_t child = i * 2; child <= q->n; child = i * 2) {
        if (child < q->n && q->heap[child + 1]->due_ms < q->heap[child]->due_ms) {
            child++;
        }
        if (q->heap[child]->due_ms >= it->due_ms) {
            break;
        }
        heap_set(q, i, q->heap[child]);
        i = child;
    }
    heap_set(q, i, it);
}

static void
heap_set(struct queue *q, size_t i, struct item *it)
{
    q->heap[i] = it;
    it->place = i;
}
