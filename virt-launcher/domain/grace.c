// The spec's word within bounds.
#include "domain/grace.h"

enum { GRACE_DEFAULT_S = 30 };

int64_t
grace_s(const struct instance *i)
{
    const struct opt_int *grace = &i->spec.termination_grace_period_s;

    if (!grace->set || grace->v < 0) {
        return GRACE_DEFAULT_S;
    }
    return grace->v < GRACE_MAX_S ? grace->v : GRACE_MAX_S;
}
