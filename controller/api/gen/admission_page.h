// docs/admission.md. Part of gen_crds.
#ifndef VMB_ADMISSION_PAGE_H
#define VMB_ADMISSION_PAGE_H

#include "base/strbuf.h"

/* False when 'page' is too small. */
MUST_CHECK bool admission_page(struct strbuf *page);

#endif
