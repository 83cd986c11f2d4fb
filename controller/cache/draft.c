// Bounds are those of cache/transform.h.
#include "cache/draft.h"

#include "cache/transform.h"

enum { KIB = 1024 };

static bool
draft_text(struct draft *d, size_t max)
{
    free(d->text);
    d->text = transform_text(d->cut, max, &d->len);
    return d->text;
}

void
draft_to_header(struct draft *d, char *why)
{
    json_t *header = transform_header(d->kind, d->cut);
    const char *uid = json_str(json_object_get(header, "metadata"), "uid");
    json_t *known = NULL;

    if (transform_has_lost_status(header) && d->known && str_eq(d->known->uid, uid)) {
        AUTO(err_freep) struct err *lost = object_parse(d->known, SIZE_MAX, &known);
        AUTO(json_freep) json_t *before = lost ? NULL : transform_header(d->kind, known);
        json_t *status = json_object_get(before, "status");
        if (status) {
            BUG_ON(json_object_set(header, "status", status) != 0);
            (void)json_object_del(header, "statusLost");
        }
        json_decref(known);
    }
    json_decref(d->cut);
    d->cut = header;
    d->why = why;
    BUG_ON(!draft_text(d, SIZE_MAX)); /* each part of it has a bound */
}

void
draft_bound(struct draft *d)
{
    if (d->why) {
        draft_to_header(d, STEAL(d->why));
        return;
    }
    if (draft_text(d, TRANSFORM_TEXT_MAX)) {
        return;
    }
    size_t status_len = 0;
    const json_t *status = json_object_get(d->cut, "status");
    AUTO(freep) char *status_text = status ? transform_text(status, TRANSFORM_STATUS_MAX, &status_len) : NULL;
    json_t *rest = json_copy(d->cut);
    const json_t *whole = d->cut;
    (void)json_object_del(rest, "status"); /* or it has none */
    d->cut = rest;
    bool fits = draft_text(d, TRANSFORM_TEXT_MAX);
    if (fits && status && !status_text) {
        transform_lose_status(rest);
    } else if (fits && status) {
        BUG_ON(json_object_set(rest, "status", (json_t *)(uintptr_t)status) != 0);
    }
    if (fits) {
        BUG_ON(!draft_text(d, SIZE_MAX));
    } else {
        BUG_ON(status && json_object_set(rest, "status", (json_t *)(uintptr_t)status) != 0);
        draft_to_header(
            d,
            xasprintf("it has more than %d KiB, and of none more than that can be used: make it smaller, and put what "
                      "is large into Secrets, ConfigMaps or disks",
                      TRANSFORM_TEXT_MAX / KIB));
    }
    json_decref((json_t *)(uintptr_t)whole);
}

void
draft_fini(struct draft *d)
{
    json_decref(d->cut);
    free(d->text);
    free(d->why);
}
