// Bytes between the two ends of a session. Not for other folders.
#ifndef VMB_FLOW_H
#define VMB_FLOW_H

#include "serve/sessions/session_state.h"

/* The launcher said something. The session may be over when these return. */
void flow_bytes(struct session *s, const char *data, size_t len);
/* It takes more. */
void flow_writable(struct session *s);

extern const struct caller_owner flow_owner; /* without its argument, the session */

#endif
