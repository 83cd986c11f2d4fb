// Gathering the view of a VirtualMachine.
#include "reconcile/vm/vm_view.h"

#include "api/rules/validate.h"
#include "reconcile/header_view.h"

enum { OBJECT_MAX = 4 * 1024 * 1024 };

static void gather_vm(struct vm_view *v, const struct object *vm);
static void gather_vmi(struct vm_view *v, const struct object *vmi);

struct err *
vm_view_make(struct arena *a, const struct object *vm, const struct object *vmi, int64_t now_s, uint32_t rnd,
             struct vm_view *ret_view)
{
    struct vm_view v = {.arena = a, .now_s = now_s, .rnd = rnd};

    gather_vm(&v, vm);
    if (vmi) {
        gather_vmi(&v, vmi);
    }
    *ret_view = v;
    return NULL;
}

bool
vmi_is_final(const struct vmi *vmi)
{
    return str_eq(vmi->status.phase, "Succeeded") || str_eq(vmi->status.phase, "Failed");
}

bool
vmi_has_run(const struct vmi *vmi)
{
    bool has_run = false;

    for (size_t i = 0; i < vmi->status.phase_transitions.n; i++) {
        has_run = has_run || str_eq(vmi->status.phase_transitions.items[i].phase, "Running");
    }
    return has_run;
}

static void
gather_vm(struct vm_view *v, const struct object *vm)
{
    json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(vm, OBJECT_MAX, &j);

    if (!e) {
        json_in_arena(v->arena, j);
    }
    v->status_lost = object_lost_status(j);
    if (!e && !vm->why) {
        e = api_decode(&vm_type, j, v->arena, &v->vm);
    }
    if (e || vm->why) {
        header_vm(v->arena, vm, j, &v->vm);
        v->is_header = true;
        v->invalid = header_why(v->arena, vm, e);
        v->spec_strategy = header_strategy(j);
        return;
    }
    AUTO(err_freep) struct err *bad = vm_spec_validate(&v->vm.spec, v->arena);
    if (bad) {
        v->invalid = arena_strdup(v->arena, err_text(bad));
    }
    v->spec_strategy = vm_run_strategy(&v->vm.spec);
}

/* An instance that somebody started paused has one field more than its template. */
static bool
is_another(struct arena *a, const json_t *spec, const json_t *template)
{
    if (json_equal(spec, template)) {
        return false;
    }
    json_t *rest = json_in_arena(a, json_copy((json_t *)(uintptr_t)spec)); /* the members are shared, none is changed */
    return json_object_get(template, "startStrategy") || json_object_del(rest, "startStrategy") != 0 ||
           !json_equal(rest, template);
}

static void
gather_changes(struct vm_view *v)
{
    const json_t *template = v->vm.spec.template.spec_json;
    const json_t *live = api_take_live(&vmi_spec_type, v->vmi_spec, template, v->arena);

    v->live_spec = json_equal(live, v->vmi_spec) ? NULL : live;
    api_diff(&vmi_spec_type, live, template, v->arena, &v->pending);
}

static void
gather_vmi(struct vm_view *v, const struct object *vmi)
{
    json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(vmi, OBJECT_MAX, &j);

    if (!e) {
        json_in_arena(v->arena, j);
    }
    if (!e && !vmi->why) {
        e = api_decode(&vmi_type, j, v->arena, &v->vmi);
    }
    if (e || vmi->why) {
        header_vmi(v->arena, vmi, j, &v->vmi);
    } else {
        v->vmi_spec = json_object_get(j, "spec");
    }
    const struct owner *owner = meta_controller(&v->vmi.meta);
    v->has_vmi = true;
    v->vmi_is_ours = owner && str_eq(owner->uid, v->vm.meta.uid);
    v->vmi_going = vmi->expects_deletion || v->vmi.meta.deletion_s != 0;
    v->vmi_differs = v->vmi_spec && !v->is_header && is_another(v->arena, v->vmi_spec, v->vm.spec.template.spec_json);
    if (v->vmi_differs && v->vmi_is_ours) {
        gather_changes(v);
    }
}
