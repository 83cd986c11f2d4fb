// A short ring, looked through.
#include "cache/tombstones.h"

void
tombstones_add(struct tombstones *t, const char *uid)
{
    size_t at = t->n++ % TOMBSTONES_MAX;

    t->ended[at] = false;
    (void)snprintf(t->uids[at], sizeof(t->uids[at]), "%s", uid);
}

bool
tombstones_have(const struct tombstones *t, const char *uid)
{
    for (size_t i = 0; i < TOMBSTONES_MAX; i++) {
        if (str_eq(t->uids[i], uid)) {
            return true;
        }
    }
    return false;
}

void
tombstones_prove(struct tombstones *t, const char *uid)
{
    for (size_t i = 0; i < TOMBSTONES_MAX; i++) {
        t->ended[i] = t->ended[i] || str_eq(t->uids[i], uid);
    }
}

bool
tombstones_are_proven(const struct tombstones *t, const char *uid)
{
    for (size_t i = 0; i < TOMBSTONES_MAX; i++) {
        if (t->ended[i] && str_eq(t->uids[i], uid)) {
            return true;
        }
    }
    return false;
}
