// docs/api-reference.md. Part of gen_crds.
#ifndef VMB_REFERENCE_PAGE_H
#define VMB_REFERENCE_PAGE_H

#include "base/strbuf.h"

/* False when 'page' is too small. */
MUST_CHECK bool reference_page(struct strbuf *page);

#endif
