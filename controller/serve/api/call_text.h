// The bytes of an answer. Pure.
#ifndef VMB_CALL_TEXT_H
#define VMB_CALL_TEXT_H

#include "base/strbuf.h"
#include "serve/api/call.h"

/* False: 'to' is too small. */
MUST_CHECK bool call_text(struct strbuf *to, const struct call_answer *a, bool with_body);

#endif
