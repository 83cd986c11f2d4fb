// The kind's own function does it; here is what all have in common.
#include "effect/sync.h"

static struct err *
sync_once(const struct sync_call *call, const struct kind *kind, const struct object *o, const char *why,
          struct sync_result *ret_result)
{
    const char *name_at = strchr(o->key, '/') + 1;
    const struct key_error *failed = key_errors_get(call->errors, call->key);
    struct sync *s = ARENA_NEW(call->arena, struct sync);

    *s = (struct sync){.kind = kind,
                       .arena = call->arena,
                       .src = call->src,
                       .now_s = call->now_s,
                       .rnd = call->rnd,
                       .why = why,
                       .last_error = failed ? arena_strdup(call->arena, failed->text) : NULL,
                       .error_lasts = failed && failed->is_lasting,
                       .hold = failed && failed->hold};

    ret_result->target =
        (struct plan_target){.kind = kind,
                             .namespace = arena_strndup(call->arena, o->key, (size_t)(name_at - o->key) - 1),
                             .name = arena_strdup(call->arena, name_at),
                             .uid = arena_strdup(call->arena, o->uid),
                             .resource_version = arena_strdup(call->arena, o->resource_version)};
    struct err *e = kind->sync(s, o, &ret_result->plan);
    ret_result->held = !e && s->reads_error && failed->hold;
    ret_result->retry_ms = !e && s->reads_error ? failed->retry_ms : 0;
    return e;
}

/* 0 when the sync is to be made in any case: a failure is to be told or tried again. */
static uint64_t
fingerprint_of(const struct sync_call *call, const struct kind *kind, const struct object *o)
{
    return kind->fingerprint && !key_errors_get(call->errors, call->key) ? kind->fingerprint(call->src, o) : 0;
}

struct err *
sync_run(const struct sync_call *call, struct sync_result *ret_result)
{
    const struct kind *kind = caches_kind_of(call->src->caches, call->key);
    const struct object *o = store_get(caches_store(call->src->caches, kind), strchr(call->key, '/') + 1);

    *ret_result = (struct sync_result){0};
    BUG_ON(!kind->sync);
    if (!o) {
        return NULL;
    }
    ret_result->fingerprint = fingerprint_of(call, kind, o);
    if (ret_result->fingerprint && ret_result->fingerprint == o->fingerprint) {
        ret_result->unchanged = true;
        return NULL;
    }
    struct err *e = sync_once(call, kind, o, NULL, ret_result);
    if (!e && arena_is_over(call->arena)) { /* what its header says is little */
        arena_reset(call->arena);
        ret_result->plan = (struct plan){0};
        e = sync_once(call, kind, o, "it needs more memory than one object may have; make it smaller", ret_result);
    }
    if (ret_result->held) { /* the first sync that reads a failure holds the action back, and no other */
        key_errors_get(call->errors, call->key)->hold = false;
    }
    return e;
}

void
sync_settle(const struct sync_call *call, const struct sync_result *result)
{
    const struct plan_target *t = &result->target;
    AUTO(freep) char *key = xasprintf("%s/%s", t->namespace, t->name);

    if (result->fingerprint) {
        informer_note_fingerprint(caches_informer(call->src->caches, t->kind), key, result->fingerprint);
    }
}
