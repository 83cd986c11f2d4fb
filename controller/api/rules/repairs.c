// A line for each row of the description that asks for something.
#include "api/rules/repairs.h"

#include "api/rules/support.h"

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

/* A line for each row that asks for something in the JSON of a spec, which is at 'root' of its object. */
static void
list_repairs(struct listing *l, const char *root, const struct support *rows, const json_t *spec)
{
    l->root = root;
    support_each(rows, SUPPORT_TOLD, spec, l->arena, list_repair, l);
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

    list_repairs(&l, "spec.", vmi_support, s->json);
    return l.list;
}

struct repair_list
vm_spec_repairs(const struct vm_spec *s, struct arena *a)
{
    struct listing l = listing_begin(a);

    list_repairs(&l, "spec.", vm_support, s->json);
    list_repairs(&l, "spec.template.spec.", vmi_support, s->template.spec.json);
    return l.list;
}
