// One place in a store: the object, and by what it is found. Does no I/O.
#ifndef VMB_ENTRY_H
#define VMB_ENTRY_H

#include "cache/draft.h"
#include "cache/index.h"

#include <uthash.h>

struct entry {
    struct object object;
    char *text; /* key, uid, version and owner, one after the other, each with its NUL */
    struct packed *json;
    char *why;
    uint64_t hints; /* bits of hint_of() of its words */
    uint64_t mark;
    struct index_link by_namespace;
    struct index_link by_subject;
    UT_hash_handle hh;
};

/* Sets the object's strings anew; out of the table, which points at them. */
void entry_name(struct entry *e, const char *key, const json_t *cut);
/* A field of the reference to the object that controls this one; "" when none does. */
const char *entry_owner(const json_t *object, const char *field);
/* Notes the words of its kind. */
void entry_hint(struct entry *e, const struct kind *kind, const json_t *cut);
/* Whether it is what a draft would make of it. */
bool entry_is(const struct entry *e, const struct draft *d);

/* The bits that a word has in 'hints'. */
uint64_t hint_of(const char *word, const char *more);

#endif
