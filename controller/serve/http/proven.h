// Addresses from which somebody has proven who he is, remembered for a while. Bounded: the one that was proven longest ago goes first.
#ifndef VMB_PROVEN_H
#define VMB_PROVEN_H

#include "serve/http/crowd.h"

enum { PROVEN_MAX = 16384, PROVEN_MS = 10 * 60 * 1000 };

struct proven_entry;

struct proven {                   /* zeroed: empty */
    struct proven_entry *entries; /* who was proven longest ago first */
};

void proven_add(struct proven *p, const struct crowd_address *a, int64_t now_ms);
bool proven_has(const struct proven *p, const struct crowd_address *a, int64_t now_ms);
void proven_fini(struct proven *p);

#endif
