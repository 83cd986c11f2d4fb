// Digits, a slash, the protocol.
#include "serve/api/port_forward.h"

#include <strings.h>

enum { DIGITS_MAX = 5, PORT_MAX = 65535, RADIX = 10 };

const char *
port_forward_read(const char *rest, unsigned *ret_port)
{
    size_t digits = strspn(rest, "0123456789");
    unsigned port = 0;

    if (digits == 0 || digits > DIGITS_MAX || rest[digits] != '/') {
        return "the port is a number from 1 to 65535";
    }
    for (size_t i = 0; i < digits; i++) {
        port = port * RADIX + (unsigned)(rest[i] - '0');
    }
    if (port == 0 || port > PORT_MAX) {
        return "the port is a number from 1 to 65535";
    }
    if (strcasecmp(rest + digits + 1, "tcp") != 0) {
        return "only TCP can be forwarded";
    }
    *ret_port = port;
    return NULL;
}
