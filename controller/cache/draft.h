// An object on its way into a store: whole, or what became a header of it. Does no I/O.
#ifndef VMB_DRAFT_H
#define VMB_DRAFT_H

#include "cache/object.h"

struct draft {
    const struct kind *kind;
    const struct object *known; /* what the store has under its name, or NULL */
    json_t *cut;                /* what is kept of it (cache/transform.h) */
    char *text;                 /* of that */
    size_t len;
    char *why;             /* why it is a header, or NULL */
    uint32_t wanted_bytes; /* of a header for want of room: what the whole takes */
};

/* Makes the text. What is larger than anything that could run becomes a header; a status that nobody of ours wrote is no part of that. */
void draft_bound(struct draft *d);
/* Takes 'why'. What is known of the status of the same object stays known. */
void draft_to_header(struct draft *d, char *why);
void draft_fini(struct draft *d);

#endif
