// What this version cannot run is refused with the field and the way out; what it leaves out or reads otherwise is listed.
#include "api/validate_priv.h"

#define HOOK_ANNOTATION "hooks.kubevirt.io/hookSidecars"

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

void
validate_metadata(const struct str_map *annotations, struct problems *p)
{
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
