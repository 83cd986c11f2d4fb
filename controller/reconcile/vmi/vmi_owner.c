// The controlling owner, by its kind.
#include "reconcile/vmi/vmi_owner.h"

const struct owner *
vmi_machine(const struct vmi *vmi)
{
    const struct owner *owner = meta_controller(&vmi->meta);

    return owner && str_eq(owner->kind, "VirtualMachine") ? owner : NULL;
}

bool
vmi_has_template(const struct vmi *vmi)
{
    const struct owner *owner = meta_controller(&vmi->meta);

    return owner && owner->api_version && str_starts(owner->api_version, "kubevirt.io/");
}
