// Builds jansson's tree of what is wanted, out of the values of a text as a parser finds them. Knows no text: base/json_read.c does.
#ifndef VMB_JSON_BUILD_H
#define VMB_JSON_BUILD_H

#include "json_tree.h"

/* Ready for a text; what it held of the last one is dropped. */
void json_build_begin(struct json_build *b, const struct json_keep *keeps, size_t n_keeps);
void json_build_fini(struct json_build *b);

/* The text of the string that comes next is looked at. */
bool json_build_reads_string(const struct json_build *b);
/* It is too long. False: nothing may follow. */
bool json_build_drop_string(struct json_build *b);

/* What comes, in order. False: 'why' says what is refused. */
bool json_build_null(struct json_build *b);
bool json_build_boolean(struct json_build *b, bool value);
bool json_build_number(struct json_build *b, const char *text, size_t len);
bool json_build_string(struct json_build *b, const char *text, size_t len);
bool json_build_object(struct json_build *b);
bool json_build_array(struct json_build *b);
bool json_build_key(struct json_build *b, const char *text, size_t len);
bool json_build_close(struct json_build *b);

#endif
