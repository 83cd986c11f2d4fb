// Ways from the root of a tree that is being built to what of it is wanted.
#ifndef VMB_JSON_WAYS_H
#define VMB_JSON_WAYS_H

#include "json_tree.h"

/* The keep in force. */
const struct json_keep *json_keep_of(const struct json_build *b);

struct json_way json_way_root(const struct json_build *b);
/* To the value of 'key' in what is at 'from', which leads to something. */
struct json_way json_way_to(const struct json_build *b, const struct json_way *from, const char *key, size_t len);

/* Of the root, and of the array and the element that stand in it, as far as those are there. */
void json_ways_begin(struct json_build *b, size_t last);

#endif
