// From an instance and the pod's facts to what the families of its domain know. Pure.
#ifndef VMB_DOMAIN_RESOLVE_H
#define VMB_DOMAIN_RESOLVE_H

#include "domain/domain_view.h"

/* Resolves 'i', family by family. Everything in the view is the arena's or borrowed from the arguments; 'f' itself is copied.
 * Errors: ERR_INVALID naming the field that this launcher cannot run, and the way out. */
MUST_CHECK struct err *domain_resolve(const struct instance *i, const struct domain_facts *f, struct arena *a,
                                      struct domain_view *ret_view);

#endif
