// One row a field.
#include "reconcile/pod/node_needs.h"

#include "api/kinds/node_capabilities.h"
#include "api/rules/names.h"

enum { NEEDS_MAX = 64 };

static void
add(struct arena *a, struct node_need_list *l, const char *prefix, const char *what, const char *name, const char *field)
{
    if (is_label_name(name)) { /* else no node can have it, and libvirt says so */
        l->items[l->n++] = (struct node_need){.label = arena_printf(a, "%s%s", prefix, name),
                                              .what = arena_printf(a, "%s %s", what, name),
                                              .field = field};
    }
}

struct node_need_list
node_needs(struct arena *a, const struct vmi_spec *s)
{
    struct node_need_list l = {.items = ARENA_NEW_N(a, struct node_need, NEEDS_MAX)};
    const char *model = s->domain.cpu.model;
    const char *machine = s->domain.machine_type;

    if (!str_empty(model) && !str_eq(model, "host-model") && !str_eq(model, "host-passthrough")) {
        add(a, &l, NODE_CPU_MODEL_LABEL, "CPU model", model, "domain.cpu.model");
    }
    if (machine && str_starts(machine, "pc-")) { /* a version of its own; q35 is the newest that the image has */
        add(a, &l, NODE_MACHINE_LABEL, "machine type", machine, "domain.machine.type");
    }
    return l;
}
