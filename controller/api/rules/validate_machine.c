// Rules over what the machine can do beside its devices.
#include "api/rules/validate_parts.h"

#include "api/rules/hyperv.h"

enum { SPINLOCKS_MIN = 4095 };

static struct err *
check_hyperv(const struct hyperv *h)
{
    struct hyperv_conflict c;

    if (!h) {
        return NULL;
    }
    struct hyperv whole = *h;
    hyperv_complete(&whole, &c);
    if (c.what) {
        return INVALID("domain.features.hyperv.%s: '%s' requires '%s', which was disabled.", c.what, c.what, c.needed);
    }
    if (h->spinlocks == TRI_TRUE && h->spinlock_retries.set && h->spinlock_retries.v < SPINLOCKS_MIN) {
        return INVALID("domain.features.hyperv.spinlocks.spinlocks %lld is too few: write %d or more",
                       (long long)h->spinlock_retries.v, SPINLOCKS_MIN);
    }
    if (h->vendorid == TRI_TRUE && (str_empty(h->vendor) || strchr(h->vendor, ','))) {
        return INVALID("domain.features.hyperv.vendorid.vendorid must be a name of 1 to 12 characters without a comma");
    }
    return NULL;
}

void
validate_machine(const struct vmi_spec *s, struct problems *p)
{
    problems_add(p, check_hyperv(s->domain.features.hyperv));
}
