// As small as volumes are made: NVRAM is half a MiB, what a TPM holds some KiB.
#include "reconcile/pvc/state_claim.h"

#include "api/rules/identity.h"
#include "reconcile/vmi/vmi_owner.h"

#define STATE_CLAIM_SIZE "10Mi"

static bool
has_kept_nvram(const struct bootloader *b)
{
    return b && b->efi && b->efi->persistent == TRI_TRUE;
}

const char *
state_claim_name(struct arena *a, const struct vmi *vmi)
{
    const struct domain_spec *d = &vmi->spec.domain;
    char stem[POD_STEM_SIZE];

    if (!has_kept_nvram(d->firmware.bootloader) && !tpm_is_kept(d->tpm)) {
        return NULL;
    }
    identity_pod_stem(vmi->meta.name, stem);
    return arena_printf(a, STATE_CLAIM_PREFIX "%s", stem);
}

const char *
state_claim_owner(const struct vmi *vmi)
{
    const struct owner *vm = vmi_machine(vmi);

    return vm ? vm->uid : vmi->meta.uid;
}

const json_t *
state_claim_render(struct arena *a, const struct vmi *vmi, const char *name, const char *storage_class)
{
    const struct owner *vm = vmi_machine(vmi);
    json_t *claim =
        json_pack("{s:s, s:s, s:{s:s, s:s, s:{s:s}, s:[{s:s, s:s, s:s, s:s, s:b}]}, s:{s:[s], s:s, s:s*, s:{s:{s:s}}}}",
                  "apiVersion", "v1", "kind", "PersistentVolumeClaim", "metadata", "name", name, "namespace",
                  vmi->meta.namespace, "labels", STATE_CLAIM_LABEL, name + strlen(STATE_CLAIM_PREFIX),
                  "ownerReferences", "apiVersion", "kubevirt.io/v1", "kind",
                  vm ? "VirtualMachine" : "VirtualMachineInstance", "name", vm ? vm->name : vmi->meta.name, "uid",
                  state_claim_owner(vmi), "controller", 1, "spec", "accessModes", "ReadWriteOnce", "volumeMode",
                  "Filesystem", "storageClassName", storage_class, "resources", "requests", "storage", STATE_CLAIM_SIZE);

    BUG_ON(!claim);
    return json_in_arena(a, claim);
}
