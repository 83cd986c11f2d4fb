// How much memory large objects may take, in all and of each namespace. Knows numbers only. Loop thread only.
#ifndef VMB_ROOM_H
#define VMB_ROOM_H

#include "base/base.h"

enum {
    ROOM_FREE_BYTES = 4 * 1024, /* of an object as it is kept, that cost nothing: ten times what an ordinary one needs */
    ROOM_NAMESPACE_BYTES = 4 * 1024 * 1024,
    ROOM_TOTAL_BYTES = 32 * 1024 * 1024,
};

/* Who asks: wishes have half of everything at most, so that what runs finds room whatever is wished for. */
enum room_part { ROOM_WISHES, ROOM_OTHERS };

struct room;

MUST_CHECK struct room *room_new(void);
void room_free(struct room *r); /* what was taken need not be given back before */

/* Takes what 'bytes' cost in 'namespace'; false, and nothing is taken, when there is no room. */
MUST_CHECK bool room_take(struct room *r, const char *namespace, enum room_part part, size_t bytes);
void room_give(struct room *r, const char *namespace, enum room_part part, size_t bytes);
/* Whether it could be taken. */
bool room_has(const struct room *r, const char *namespace, enum room_part part, size_t bytes);
size_t room_taken(const struct room *r);

#endif
