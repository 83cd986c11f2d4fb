// The instance follows its template where it can, and the rest is told.
#include "reconcile/vm/vm_changes.h"

#include "base/utf8.h"
#include "reconcile/vmi/vmi_kind.h"

enum { VALUE_MAX = 128 };

const char *
vm_changes_named(struct arena *a, const struct change_list *changes)
{
    const char *names = "";

    for (size_t i = 0; i < changes->n && i < VM_CHANGES_NAMED; i++) {
        names = arena_printf(a, "%s%sspec.template.spec.%s", names, i > 0 ? ", " : "", changes->items[i].path);
    }
    return names;
}

static bool
is_up(const struct vm_view *v)
{
    return v->has_vmi && v->vmi_is_ours && !v->vmi_going && !vmi_is_final(&v->vmi);
}

bool
vm_follows(const struct vm_view *v)
{
    return is_up(v) && !v->invalid && v->live_spec;
}

/* Of this version of the instance: lists are patched whole. */
void
vm_plan_follow(const struct vm_view *v, struct plan *p)
{
    json_t *spec = json_in_arena(v->arena, json_merge_diff(v->vmi_spec, v->live_spec));
    json_t *body = json_in_arena(v->arena, json_pack("{s:O}", "spec", spec));

    BUG_ON(!body);
    plan_add(p, VERB_MERGE_PATCH, &vmi_kind, &v->vmi.meta, body)->as = "follow-template";
}

/* User data holds passwords, and who reads a status did not ask for it. */
static bool
is_shown(const char *path, const char *value)
{
    return value && !strstr(path, "userData") && !strstr(path, "networkData") && !strstr(value, "\"userData") &&
           !strstr(value, "\"networkData");
}

static const char *
shown(const struct vm_view *v, const char *path, const char *value)
{
    if (!is_shown(path, value)) {
        return NULL;
    }
    size_t len = utf8_cut(value, VALUE_MAX);
    return value[len] == '\0' ? value : arena_printf(v->arena, "%.*s...", (int)len, value);
}

struct pending_change_list
vm_pending(const struct vm_view *v)
{
    struct pending_change_list l = {0};

    if (!is_up(v) || v->pending.n == 0) {
        return l;
    }
    l.items = ARENA_NEW_N(v->arena, struct pending_change, PENDING_CHANGES_MAX);
    for (size_t i = 0; i < v->pending.n && l.n < PENDING_CHANGES_MAX; i++) {
        const struct change *c = &v->pending.items[i];
        l.items[l.n++] = (struct pending_change){
            .path = arena_printf(v->arena, "spec.template.spec.%s", c->path),
            .current = shown(v, c->path, c->current),
            .desired = shown(v, c->path, c->desired),
            .takes_effect = change_class_name(c->takes_effect),
        };
    }
    return l;
}

const char *
vm_restart_required(const struct vm_view *v)
{
    if (!is_up(v) || v->pending.n == 0) {
        return NULL;
    }
    return arena_printf(v->arena, "a non-live-updatable field was changed in the template spec: %s%s",
                        vm_changes_named(v->arena, &v->pending),
                        v->pending.n > VM_CHANGES_NAMED ? " and more, see status.bridge.pendingChanges" : "");
}
