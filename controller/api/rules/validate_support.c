// What this version cannot run is refused with the field and the way out.
#include "api/rules/validate_parts.h"

static void
refuse(void *arg, const char *path, const struct support *row)
{
    problems_add(arg, INVALID("%s is not supported by this version of vmbridge: %s", path, row->text));
}

void
validate_support(const struct support *rows, const json_t *spec, struct problems *p)
{
    support_each(rows, SUPPORT_REFUSED, spec, p->arena, refuse, p);
}
