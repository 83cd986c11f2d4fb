// Labels of a node that tell what guests it can run.
#ifndef VMB_NODE_LABELS_H
#define VMB_NODE_LABELS_H

#include "api/kinds/node_capabilities.h"

/* The merge patch that makes the labels of 'have' those of 'c' (NULL: none of them), or NULL when they are. The arena's. */
const json_t *node_labels_patch(struct arena *a, const struct str_map *have, const struct domain_capabilities *c);

#endif
