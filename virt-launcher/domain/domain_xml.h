// The libvirt XML of a domain view. Pure: the same view gives the same text.
#ifndef VMB_DOMAIN_XML_H
#define VMB_DOMAIN_XML_H

#include "base/strbuf.h"
#include "domain/domain_view.h"

enum { DOMAIN_XML_MAX = 256 * 1024 };

/* Appends the text to 'out'. Errors: ERR_INVALID when it does not fit its cap. */
MUST_CHECK struct err *domain_xml(const struct domain_view *v, struct strbuf *out);

#endif
