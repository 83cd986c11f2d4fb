// How an object with a template makes instances, and takes in one that it could have made. Pure.
#ifndef VMB_VMI_TEMPLATE_H
#define VMB_VMI_TEMPLATE_H

#include "api/kinds/vm.h"

struct kind;

/* An instance of a template, in its owner's namespace: of the template its labels, annotations and spec (contract 2.5), and nothing of the
 * owner. Of the arena. */
json_t *vmi_of_template(struct arena *a, const struct vm_template *t, const struct kind *kind, const struct meta *owner,
                        const char *name);

/* The patch (VERB_APPLY) that gives an instance which nobody controls its owner, beside whatever others it has. Of the arena. */
const json_t *vmi_adopt_body(struct arena *a, const struct kind *kind, const struct meta *owner, const struct meta *vmi);

#endif
