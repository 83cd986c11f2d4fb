// Gathering the view of a VirtualMachine.
#include "reconcile/vm_view.h"

#include "api/validate.h"

enum { OBJECT_MAX = 4 * 1024 * 1024 };

struct err *
vm_view_make(struct arena *a, const struct object *vm, const struct object *vmi, int64_t now_s, uint32_t rnd,
             struct vm_view *ret_view)
{
    json_t *j = NULL;
    struct vm_view v = {.arena = a, .now_s = now_s, .rnd = rnd};
    struct err *e = object_parse(vm, OBJECT_MAX, &j);

    if (!e) {
        e = api_decode(&vm_type, json_in_arena(a, j), a, &v.vm);
    }
    if (e) {
        return err_wrap(e, "decode the VirtualMachine");
    }
    AUTO(err_freep) struct err *bad = vm_spec_validate(&v.vm.spec, a);
    if (bad) {
        v.invalid = arena_strdup(a, err_text(bad));
    }
    v.strategy = vm_run_strategy(&v.vm.spec);
    if (vmi) {
        e = object_parse(vmi, OBJECT_MAX, &j);
        if (!e) {
            e = api_decode(&vmi_type, json_in_arena(a, j), a, &v.vmi);
        }
        if (e) {
            return err_wrap(e, "decode its VirtualMachineInstance");
        }
        const struct owner *owner = meta_controller(&v.vmi.meta);
        v.has_vmi = true;
        v.vmi_spec = json_object_get(j, "spec");
        v.vmi_is_ours = owner && str_eq(owner->uid, v.vm.meta.uid);
        v.vmi_going = vmi->doomed || v.vmi.meta.deletion_s != 0;
    }
    *ret_view = v;
    return NULL;
}

bool
vmi_is_final(const struct vmi *vmi)
{
    return str_eq(vmi->status.phase, "Succeeded") || str_eq(vmi->status.phase, "Failed");
}
