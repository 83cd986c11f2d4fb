// uthash finds a key, a binary heap finds the earliest.
#include "cache/queue.h"

#include "base/backoff.h"

#include <uthash.h>

enum { BACKOFF_BASE_MS = 200, BACKOFF_MAX_MS = 60000 };

struct item {
    char key[QUEUE_KEY_SIZE];
    int64_t due_ms;
    size_t place; /* in the heap, from 1; 0: not in it */
    bool busy;    /* between pop and done */
    bool again;   /* came in while busy */
    struct backoff backoff;
    UT_hash_handle hh;
};

struct queue {
    struct item *table;
    struct item **heap; /* heap[0] unused */
    size_t n;
    size_t size;
};

static struct item *item_find(const struct queue *q, const char *key);
static void item_drop_idle(struct queue *q, struct item *it);
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
        HASH_DEL(q->table, it);
        free(it);
    }
    free(q->heap);
    free(q);
}

void
queue_add(struct queue *q, const char *key, int64_t now_ms, int64_t delay_ms)
{
    struct item *it = item_find(q, key);
    int64_t due_ms = now_ms + delay_ms;

    BUG_ON(strlen(key) >= QUEUE_KEY_SIZE);
    if (!it) {
        it = XNEW(struct item);
        memcpy(it->key, key, strlen(key) + 1);
        it->backoff = (struct backoff){.base_ms = BACKOFF_BASE_MS, .max_ms = BACKOFF_MAX_MS};
        HASH_ADD_STR(q->table, key, it);
    }
    if (it->busy) {
        it->due_ms = it->again && it->due_ms < due_ms ? it->due_ms : due_ms;
        it->again = true;
    } else if (it->place == 0) {
        it->due_ms = due_ms;
        heap_push(q, it);
    } else if (due_ms < it->due_ms) {
        it->due_ms = due_ms;
        heap_up(q, it->place);
    }
}

const char *
queue_pop(struct queue *q, int64_t now_ms)
{
    if (q->n == 0 || q->heap[1]->due_ms > now_ms) {
        return NULL;
    }
    struct item *it = q->heap[1];
    heap_remove(q, it);
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
        heap_push(q, it);
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
    if (q->n == 0) {
        return -1;
    }
    int64_t wait = q->heap[1]->due_ms - now_ms;
    return wait > 0 ? wait : 0;
}

size_t
queue_len(const struct queue *q)
{
    return q->n;
}

void
queue_clear(struct queue *q)
{
    struct item *it;
    struct item *tmp;

    HASH_ITER(hh, q->table, it, tmp) {
        it->again = false;
        if (it->place > 0) {
            heap_remove(q, it);
        }
        if (!it->busy) {
            HASH_DEL(q->table, it);
            free(it);
        }
    }
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
