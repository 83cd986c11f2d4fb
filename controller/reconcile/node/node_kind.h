// Nodes: what guests each can run is asked, noted and told by labels.
#ifndef VMB_NODE_KIND_H
#define VMB_NODE_KIND_H

#include "cache/kind.h"

extern const struct kind node_kind;

#endif
