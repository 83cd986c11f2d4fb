// The description of a kind: constant field tables, and the walkers that read them (decode, encode, differ, defaults, schema, reference).
// Walkers know tables and no kind; adding a field is adding a row (design.md 3.2).
#ifndef VMB_FIELD_H
#define VMB_FIELD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

struct type; /* a JSON object and the C struct it becomes */

/* Decodes 'j' into 'ret_struct' (zeroed, of the type's size). Strings are copied into the arena; FIELD_JSON values are borrowed from 'j',
 * which must live as long as the struct. Unknown fields are skipped. Errors: ERR_INVALID naming the path ("spec.domain.cpu.cores: ..."). */
MUST_CHECK struct err *api_decode(const struct type *t, const json_t *j, struct arena *a, void *ret_struct);

/* JSON of a struct: absent fields stay absent. The caller owns the tree. */
MUST_CHECK json_t *api_encode(const struct type *t, const void *s);

#endif
