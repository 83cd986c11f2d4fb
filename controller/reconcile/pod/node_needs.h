// What a guest needs of its node beside room: labels by which nodes tell what they can run (api/kinds/node_capabilities.h). Only what the
// manifest asks for is needed.
#ifndef VMB_NODE_NEEDS_H
#define VMB_NODE_NEEDS_H

#include "api/kinds/vmi.h"

struct node_need {
    const char *label; /* a node that has it has the value "true" */
    const char *what;  /* for people: "CPU model EPYC" */
    const char *field; /* below the spec */
};

struct node_need_list {
    struct node_need *items;
    size_t n;
};

/* All of the arena; at most 64. */
struct node_need_list node_needs(struct arena *a, const struct vmi_spec *s);

#endif
