// Templates first, then what volumes name beside them.
#include "reconcile/vm/vm_data_volumes.h"

#include "reconcile/datavolume/data_volume_kind.h"
#include "reconcile/datavolume/data_volume_render.h"
#include "reconcile/plan.h"

static bool
is_gathered(const struct vm_view *v, const char *name)
{
    for (size_t i = 0; i < v->data_volumes.n; i++) {
        if (str_eq(v->data_volumes.items[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void
gather_one(struct vm_view *v, const struct store *data_volumes, const char *name)
{
    if (name && !is_gathered(v, name)) {
        data_volume_read(v->arena, data_volumes, v->vm.meta.namespace, name,
                         &v->data_volumes.items[v->data_volumes.n++]);
    }
}

void
vm_data_volumes_gather(struct vm_view *v, const struct store *data_volumes)
{
    const struct volume_list *volumes = &v->vm.spec.template.spec.volumes;
    size_t i;
    json_t *template;

    if (v->invalid) { /* of it nothing is made, and names may be missing */
        return;
    }
    v->data_volumes.items =
        ARENA_NEW_N(v->arena, struct data_volume_view, json_array_size(v->vm.spec.data_volume_templates) + volumes->n);
    json_array_foreach((json_t *)(uintptr_t)v->vm.spec.data_volume_templates, i, template) {
        gather_one(v, data_volumes, data_volume_template_name(template));
    }
    v->data_volumes.n_made = v->data_volumes.n;
    for (i = 0; i < volumes->n; i++) {
        const struct volume_pvc *own = volumes->items[i].data_volume;
        gather_one(v, data_volumes, own ? own->claim_name : NULL);
    }
}

bool
vm_data_volumes_lack(const struct vm_view *v)
{
    for (size_t i = 0; i < v->data_volumes.n_made; i++) {
        if (v->data_volumes.items[i].step == DATA_VOLUME_MISSING) {
            return true;
        }
    }
    return false;
}

void
vm_data_volumes_plan(const struct vm_view *v, struct plan *p)
{
    size_t i;
    json_t *template;

    json_array_foreach((json_t *)(uintptr_t)v->vm.spec.data_volume_templates, i, template) {
        const struct data_volume_view *d = &v->data_volumes.items[i]; /* a sound spec names each once */
        if (d->step == DATA_VOLUME_MISSING) {
            const struct meta target = {.namespace = v->vm.meta.namespace, .name = d->name};
            plan_add(p, VERB_CREATE, &data_volume_kind, &target,
                     data_volume_render(v->arena, v->kind, &v->vm.meta, template))
                ->is_name_guessable = true;
            plan_event(p, "Normal", "SuccessfulDataVolumeCreate", "Created DataVolume %s", d->name);
        }
    }
}

/* Without CDI it is the instance that tells what is missing: a claim of that name would do. */
const struct data_volume_view *
vm_data_volumes_awaited(const struct vm_view *v)
{
    for (size_t i = 0; i < v->data_volumes.n_made; i++) {
        const struct data_volume_view *d = &v->data_volumes.items[i];
        if (d->step != DATA_VOLUME_READY && d->step != DATA_VOLUME_UNSERVED) {
            return d;
        }
    }
    return NULL;
}

const char *
vm_data_volumes_bar(const struct vm_view *v)
{
    const struct data_volume_view *d = vm_data_volumes_awaited(v);

    return !v->has_vmi && d && (d->step == DATA_VOLUME_FAILED || d->step == DATA_VOLUME_UNCLAIMED) ? d->message : NULL;
}

const char *
vm_data_volumes_next(const struct vm_view *v, bool starts)
{
    const struct data_volume_view *d = vm_data_volumes_awaited(v);

    if (v->has_vmi || !d) {
        return NULL;
    }
    if (d->step == DATA_VOLUME_UNREADABLE) {
        return d->message;
    }
    if (vm_data_volumes_bar(v)) {
        return arena_printf(v->arena, "nothing, until DataVolume %s is mended, or deleted and made anew", d->name);
    }
    return arena_printf(v->arena, "DataVolume %s is made and filled%s", d->name,
                        starts ? ", then the guest starts" : "");
}

const char *
vm_data_volumes_word(const struct vm_view *v)
{
    const char *word = NULL;

    for (size_t i = 0; i < v->data_volumes.n; i++) {
        switch (v->data_volumes.items[i].step) {
        case DATA_VOLUME_FAILED:
            return "DataVolumeError";
        case DATA_VOLUME_UNREADABLE:
        case DATA_VOLUME_FILLING:
            word = "Provisioning";
            break;
        case DATA_VOLUME_UNCLAIMED:
            word = word ? word : "WaitingForVolumeBinding";
            break;
        case DATA_VOLUME_MISSING: /* it is made just now */
            word = i < v->data_volumes.n_made ? "Provisioning" : word;
            break;
        case DATA_VOLUME_UNSERVED:
        case DATA_VOLUME_READY:
            break;
        }
    }
    return word;
}
