// An object that is replayed, by a watch that connects again, is no news.
#include "watch_told.h"

enum { MINUTE_MS = 60000 };

static uint64_t digest(const json_t *object);
static uint64_t digest_add(uint64_t sum, const char *text);
static bool is_kept(const struct watch_told *t, uint64_t sum);

bool
watch_told_now(struct watch_told *t, const json_t *object, int64_t now_ms, unsigned *ret_silent)
{
    uint64_t sum = digest(object);

    if (object && is_kept(t, sum)) {
        return false;
    }
    if (t->n_lines == 0 || now_ms - t->minute_ms >= MINUTE_MS) {
        t->minute_ms = now_ms;
        t->n_lines = 0;
    }
    if (t->n_lines >= TOLD_PER_MINUTE) {
        t->n_silent++;
        return false;
    }
    if (object) {
        t->kept[t->n++ % TOLD_KEPT] = sum;
    }
    t->n_lines++;
    *ret_silent = t->n_silent;
    t->n_silent = 0;
    return true;
}

static bool
is_kept(const struct watch_told *t, uint64_t sum)
{
    for (size_t i = 0; i < TOLD_KEPT && i < t->n; i++) {
        if (t->kept[i] == sum) {
            return true;
        }
    }
    return false;
}

static uint64_t
digest(const json_t *object)
{
    const json_t *meta = json_object_get(object, "metadata");

    return digest_add(digest_add(UINT64_C(14695981039346656037), json_str(meta, "uid")),
                      json_str(meta, "resourceVersion"));
}

/* FNV-1a: who makes two objects with one digest hides his own from the log. */
static uint64_t
digest_add(uint64_t sum, const char *text)
{
    for (const char *c = text ? text : ""; *c; c++) {
        sum = (sum ^ (unsigned char)*c) * UINT64_C(1099511628211);
    }
    return sum * UINT64_C(1099511628211);
}
