// What this version cannot run is refused with the field and the way out; what it leaves out or reads otherwise is listed.
#include "api/rules/validate_priv.h"

#define HOOK_ANNOTATION "hooks.kubevirt.io/hookSidecars"
#define OUR_PREFIX "kubevirt.io/"

static void
refuse(void *arg, const char *path, const struct support *row)
{
    problems_add(arg, INVALID("%s is not supported by this version of vmbridge: %s", path, row->text));
}

void
validate_support(const struct support *rows, const json_t *spec, struct problems *p)
{
    support_each(rows, SUPPORT_REFUSED, spec, p->arena, refuse, p);
}

/* Labels by which KubeVirt knows its own; 'kubevirt.io/nodeName' is put on an instance by its controller. */
static bool
is_reserved(const char *label, bool is_made)
{
    static const char *const names[] = {"created-by", "migrationJobUID", "migrationTargetNodeName", "schedulable"};
    const char *name = str_starts(label, OUR_PREFIX) ? label + strlen(OUR_PREFIX) : "";
    bool found = str_starts(name, "install-strategy") || (str_eq(name, "nodeName") && !is_made);

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        found = found || str_eq(name, names[i]);
    }
    return found;
}

void
validate_metadata(const struct str_map *labels, const struct str_map *annotations, bool is_made, struct problems *p)
{
    bool found = false;

    for (size_t i = 0; i < labels->n; i++) {
        found = found || is_reserved(labels->items[i].key, is_made);
    }
    if (found) {
        problems_add(p, INVALID("metadata.labels: creation of the following reserved kubevirt.io/ labels on a VMI "
                                "object is prohibited: created-by, migrationJobUID, nodeName, "
                                "migrationTargetNodeName, schedulable, install-strategy"));
    }
    if (str_map_get(annotations, HOOK_ANNOTATION)) {
        problems_add(p, INVALID("metadata.annotations." HOOK_ANNOTATION
                                " is not supported by this version of vmbridge: leave it out"));
    }
}

struct listing {
    struct repair_list list;
    struct arena *arena;
    const char *root;
};

static void
list_repair(void *arg, const char *path, const struct support *row)
{
    struct listing *l = arg;

    if (l->list.n < REPAIRS_MAX) {
        l->list.items[l->list.n++] =
            (struct repair){.path = arena_printf(l->arena, "%s%s", l->root, path), .message = row->text};
    }
}

static struct listing
listing_begin(struct arena *a)
{
    return (struct listing){.arena = a, .list = {.items = ARENA_NEW_N(a, struct repair, REPAIRS_MAX)}};
}

struct repair_list
vmi_spec_repairs(const struct vmi_spec *s, struct arena *a)
{
    struct listing l = listing_begin(a);

    l.root = "spec.";
    support_each(vmi_support, SUPPORT_TOLD, s->json, a, list_repair, &l);
    return l.list;
}

struct repair_list
vm_spec_repairs(const struct vm_spec *s, struct arena *a)
{
    struct listing l = listing_begin(a);

    l.root = "spec.";
    support_each(vm_support, SUPPORT_TOLD, s->json, a, list_repair, &l);
    l.root = "spec.template.spec.";
    support_each(vmi_support, SUPPORT_TOLD, s->template.spec.json, a, list_repair, &l);
    return l.list;
}
