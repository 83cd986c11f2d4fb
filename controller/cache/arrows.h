// Which objects are to be synced when another one changed: the arrows between kinds. Does no I/O.
#ifndef VMB_ARROWS_H
#define VMB_ARROWS_H

#include "cache/caches.h"

enum { ARROW_NAME_SIZE = 64 };

enum arrow_how {
    ARROW_SAME_NAME,  /* the one of the same name */
    ARROW_OWNER,      /* the one that controls it */
    ARROW_NAME,       /* the one whose name, or what is cut of it, 'tells' says */
    ARROW_REFERENCE,  /* those that name it in the field 'field' */
    ARROW_SELECTOR,   /* those whose pods its selector may select */
    ARROW_SUBJECT,    /* the one whose name is what it is about (struct kind) */
    ARROW_ADOPTER,    /* while nobody controls it: those of its namespace, one of which may adopt it */
    ARROW_EVERYTHING, /* all */
};

struct arrow {
    const struct kind *from; /* of what changed */
    const struct kind *to;   /* of what is synced */
    enum arrow_how how;
    const char *field;                                                        /* ARROW_REFERENCE: "claimName" */
    bool (*tells)(const struct object *from, char ret_name[ARROW_NAME_SIZE]); /* ARROW_NAME; false: nobody */
    const char *says; /* for people: "its name tells the instance" */
};

struct arrows {
    const struct arrow *items;
    size_t n;
};

/* Calls 'emit' with the kind and the store's key of each object that is to be synced; one may come twice. */
typedef void arrow_emit_fn(void *arg, const struct kind *kind, const char *store_key);
void arrows_follow(const struct arrows *arrows, const struct caches *caches, const struct kind *kind,
                   const struct object *object, arrow_emit_fn *emit, void *arg);

/* Whether a sync of an object of kind 'to' reads objects of kind 'from': there is an arrow, or they are the same. */
bool arrows_read(const struct arrows *arrows, const struct kind *from, const struct kind *to);

/* The pair of a selector that its object is looked up by: whoever is selected has it. False when it selects nothing. */
bool selector_pair(const json_t *object, const char **ret_key, const char **ret_value);

#endif
