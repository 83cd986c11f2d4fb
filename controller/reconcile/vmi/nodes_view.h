// Why no node can run a guest, in a sentence that names nodes and fields. Pure.
#ifndef VMB_NODES_VIEW_H
#define VMB_NODES_VIEW_H

#include "api/kinds/vmi.h"
#include "cache/store.h"

/* So often it is looked at anew, by how much; nodes learn, and nobody tells. */
enum { NODES_LACK_AGAIN_MS = 30 * 1000, NODES_LOOKED_AT_MAX = 200 };

/* NULL while some node has all that the guest needs of one, or nothing is needed. Of so many nodes at most. The arena's. */
const char *nodes_lack(struct arena *a, const struct vmi_spec *s, bool is_of_template, const struct store *nodes);

#endif
