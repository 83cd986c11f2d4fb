// What every kind's sync begins with.
#include "reconcile/sync.h"

const char *
sync_error(struct sync *s)
{
    s->reads_error = s->last_error != NULL;
    return s->last_error;
}

struct object
sync_object(const struct sync *s, const struct object *o)
{
    struct object copy = *o;

    copy.why = o->why ? o->why : s->why;
    return copy;
}
