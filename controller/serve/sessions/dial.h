// Launchers that dial back. Not for other folders.
#ifndef VMB_DIAL_H
#define VMB_DIAL_H

#include "serve/sessions/session_state.h"

/* The endpoint that they dial. */
void dial_endpoint(struct sessions *all);

#endif
