// A machine's dataVolumeTemplates: what CDI would refuse, or nobody would use, is told before anything is made.
#include "api/rules/validate_parts.h"

#define AT "dataVolumeTemplates[%zu]"

static const char *
name_of(const json_t *template)
{
    return json_str(json_object_get(template, "metadata"), "name");
}

static bool
is_referenced(const struct vmi_spec *s, const char *name)
{
    for (size_t i = 0; i < s->volumes.n; i++) {
        const struct volume_pvc *own = volume_own_claim(&s->volumes.items[i]);
        if (own && str_eq(own->claim_name, name)) {
            return true;
        }
    }
    return false;
}

/* A populator fills a claim that names what it is filled from. */
static bool
is_filled_by_another(const json_t *claim)
{
    return json_object_get(claim, "dataSource") || json_object_get(claim, "dataSourceRef");
}

static struct err *
check_source(const json_t *spec, size_t i)
{
    const json_t *pvc = json_object_get(spec, "pvc");
    const json_t *storage = json_object_get(spec, "storage");
    size_t n = json_object_size(json_object_get(spec, "source")) + (json_object_get(spec, "sourceRef") != NULL);

    if (!pvc && !storage) {
        return INVALID(AT ".spec: Missing Data volume PVC or Storage", i);
    }
    if (pvc && storage) {
        return INVALID(AT ".spec: Duplicate storage definition, both target storage and target pvc defined", i);
    }
    if (n > 1) {
        return INVALID(AT ".spec: Multiple dataVolume sources", i);
    }
    return n == 0 && !is_filled_by_another(pvc) && !is_filled_by_another(storage)
               ? INVALID(AT ".spec: Missing dataVolume valid source", i)
               : NULL;
}

static struct err *
check_template(const struct vm_spec *s, size_t i)
{
    const json_t *template = json_array_get(s->data_volume_templates, i);
    const char *name = name_of(template);

    if (str_empty(name)) {
        return INVALID(AT ".metadata.name: 'name' field must not be empty for DataVolumeTemplate entry spec." AT, i, i);
    }
    for (size_t k = 0; k < i; k++) {
        if (str_eq(name_of(json_array_get(s->data_volume_templates, k)), name)) {
            return INVALID("dataVolumeTemplates[%zu] and " AT " must not have the same Name.", k, i);
        }
    }
    if (!is_referenced(&s->template.spec, name)) {
        return INVALID(
            AT ": DataVolumeTemplate entry spec." AT " must be referenced in the VMI template's 'volumes' list", i, i);
    }
    return check_source(json_object_get(template, "spec"), i);
}

void
validate_data_volumes(const struct vm_spec *s, struct problems *p)
{
    for (size_t i = 0; i < json_array_size(s->data_volume_templates); i++) {
        problems_add(p, check_template(s, i));
    }
}
