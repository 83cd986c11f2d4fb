// What the gateway says of a stream that it wants. Pure.
#ifndef VMB_STREAM_ASK_H
#define VMB_STREAM_ASK_H

#include "api/kinds/launcher_request.h"

enum stream_kind { STREAM_CONSOLE, STREAM_VNC, STREAM_PORT };

/* Strings are borrowed from the request. */
struct stream_ask {
    enum stream_kind kind;
    unsigned port;       /* of STREAM_PORT */
    const char *number;  /* LAUNCHER_SESSION_DIGITS hexadecimal digits */
    const char *address; /* of an IP address: "10.0.0.7:8444", "[fd00::7]:8444" */
    bool is_preserving;
};

/* NULL, or what is wrong with it, a constant. */
MUST_CHECK const char *stream_ask_read(const struct launcher_request *r, struct stream_ask *ret_ask);

#endif
