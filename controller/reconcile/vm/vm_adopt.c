// Adopted is only what a machine of this name and of this template has made.
#include "reconcile/vm/vm_adopt.h"

#include "reconcile/vm/vm_changes.h"

static const char *what_differs(const struct vm_view *v);
static bool has_all(const struct str_map *have, const struct str_map *want);

const char *
vm_adopt_bar(const struct vm_view *v)
{
    const struct owner *owner = meta_controller(&v->vmi.meta);

    if (owner) {
        return arena_printf(
            v->arena,
            "a VirtualMachineInstance of this name exists and is not controlled by this VirtualMachine but by %s %s: "
            "delete or rename it",
            owner->kind ? owner->kind : "an owner of no kind", owner->name);
    }
    if (v->vmi_going) {
        return "a VirtualMachineInstance of this name exists and is not controlled by this VirtualMachine: it is being "
               "deleted and "
               "is waited for";
    }
    const char *differs = what_differs(v);
    if (differs) {
        return arena_printf(
            v->arena,
            "a VirtualMachineInstance of this name exists and is not controlled by this VirtualMachine: %s; make the "
            "template equal to it and it is adopted, or delete it",
            differs);
    }
    if (v->strategy == RUN_HALTED) { /* what ran on is not switched off because its machine is declared again */
        return "a VirtualMachineInstance of this name exists and is not controlled by this VirtualMachine: with "
               "runStrategy Always "
               "it is adopted and runs on; delete it to switch it off";
    }
    return NULL;
}

/* A user's own instance was not made by any machine, whatever its spec. Values are not told: there may be user data among them. */
static const char *
what_differs(const struct vm_view *v)
{
    const struct vm_template *t = &v->vm.spec.template;
    struct change_list changes;

    if (!v->vmi_spec || v->is_header) {
        return "one of the two cannot be read";
    }
    if (!str_map_get(&v->vmi.meta.annotations, VM_GENERATION_ANNOTATION)) {
        return "it was not made by a VirtualMachine";
    }
    api_diff(&vmi_spec_type, v->vmi_spec, t->spec_json, v->arena, &changes);
    if (changes.n > 0) {
        return arena_printf(v->arena, "it was made from another template, which differs in %s%s",
                            vm_changes_named(v->arena, &changes), changes.n > VM_CHANGES_NAMED ? " and more" : "");
    }
    if (!has_all(&v->vmi.meta.labels, &t->labels) || !has_all(&v->vmi.meta.annotations, &t->annotations)) {
        return "it was made from another template, which differs in spec.template.metadata";
    }
    return NULL;
}

/* vmbridge and users add some: only what the template has counts. */
static bool
has_all(const struct str_map *have, const struct str_map *want)
{
    for (size_t i = 0; i < want->n; i++) {
        if (!str_eq(str_map_get(have, want->items[i].key), want->items[i].value)) {
            return false;
        }
    }
    return true;
}
