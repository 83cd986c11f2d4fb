// A table of what needs what, walked from those that nobody needs to those that need nobody.
#include "api/rules/hyperv.h"

#include <stddef.h>

#define NEEDS(what, needed)                                                            \
    {                                                                                  \
        offsetof(struct hyperv, what), offsetof(struct hyperv, needed), #what, #needed \
    }

static const struct {
    size_t what, needed;
    const char *what_name, *needed_name;
} needs[] = {
    NEEDS(evmcs, vapic), NEEDS(ipi, vpindex), NEEDS(tlbflush, vpindex), NEEDS(synictimer, synic), NEEDS(synic, vpindex),
};

static enum tri *
at(struct hyperv *h, size_t offset)
{
    return (enum tri *)(void *)((char *)h + offset);
}

void
hyperv_complete(struct hyperv *h, struct hyperv_conflict *ret_conflict)
{
    *ret_conflict = (struct hyperv_conflict){0};
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        enum tri *needed = at(h, needs[i].needed);
        if (*at(h, needs[i].what) != TRI_TRUE) {
            continue;
        }
        if (*needed == TRI_FALSE && !ret_conflict->what) {
            *ret_conflict = (struct hyperv_conflict){.what = needs[i].what_name, .needed = needs[i].needed_name};
        } else if (*needed == TRI_UNSET) {
            *needed = TRI_TRUE;
        }
    }
}
