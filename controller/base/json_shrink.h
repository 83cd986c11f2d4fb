// What becomes of a tree that is being built when it is too large or too deep.
#ifndef VMB_JSON_SHRINK_H
#define VMB_JSON_SHRINK_H

#include "json_tree.h"

/* The whole limit of the keep in force is free. */
void json_room_begin(struct json_build *b);

/* Goes on with the next keep, and with a smaller tree of what that names. False: there is none. */
bool json_shrink(struct json_build *b, enum json_over over);

/* Borrowed; NULL: 'value' stands at no key of the object. */
const char *json_key_of(const json_t *object, const json_t *value);

#endif
