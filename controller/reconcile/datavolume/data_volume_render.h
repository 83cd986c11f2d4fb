// A DataVolume of a machine's template, as KubeVirt makes it. Pure.
#ifndef VMB_DATA_VOLUME_RENDER_H
#define VMB_DATA_VOLUME_RENDER_H

#include "api/walk/meta.h"

struct kind;

/* The object to create; of the arena. 'kind' and 'vm' are its owner. */
const json_t *data_volume_render(struct arena *a, const struct kind *kind, const struct meta *vm,
                                 const json_t *template);

/* Name of the DataVolume that a template makes, or NULL. */
const char *data_volume_template_name(const json_t *template);

#endif
