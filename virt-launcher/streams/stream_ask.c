// One argument after the other.
#include "streams/stream_ask.h"

enum { ADDRESS_MAX = 128, PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

static bool
read_port(const char *text, unsigned *ret_port)
{
    size_t prefix = strlen(LAUNCHER_STREAM_PORT);

    if (!str_starts(text, LAUNCHER_STREAM_PORT) || strspn(text + prefix, "0123456789") != strlen(text + prefix) ||
        strlen(text + prefix) > PORT_DIGITS_MAX) {
        return false;
    }
    *ret_port = (unsigned)strtoul(text + prefix, NULL, 10);
    return *ret_port > 0 && *ret_port <= PORT_MAX;
}

static bool
read_kind(const char *text, struct stream_ask *ask)
{
    if (!text) {
        return false;
    }
    if (read_port(text, &ask->port)) {
        ask->kind = STREAM_PORT;
        return true;
    }
    ask->kind = str_eq(text, LAUNCHER_STREAM_VNC) ? STREAM_VNC : STREAM_CONSOLE;
    return ask->kind == STREAM_VNC || str_eq(text, LAUNCHER_STREAM_CONSOLE);
}

const char *
stream_ask_read(const struct launcher_request *r, struct stream_ask *ret_ask)
{
    *ret_ask = (struct stream_ask){
        .number = str_map_get(&r->arguments, LAUNCHER_ARGUMENT_SESSION),
        .address = str_map_get(&r->arguments, LAUNCHER_ARGUMENT_ADDRESS),
        .is_preserving = str_eq(str_map_get(&r->arguments, LAUNCHER_ARGUMENT_PRESERVE), "true"),
    };
    const char *number = ret_ask->number;

    if (!number || strlen(number) != LAUNCHER_SESSION_DIGITS ||
        strspn(number, "0123456789abcdef") != LAUNCHER_SESSION_DIGITS) {
        return "session: it is no number of one";
    }
    if (str_empty(ret_ask->address) || strlen(ret_ask->address) > ADDRESS_MAX) {
        return "address: it is none";
    }
    if (!read_kind(str_map_get(&r->arguments, LAUNCHER_ARGUMENT_KIND), ret_ask)) {
        return "kind: such a stream is not known here";
    }
    return NULL;
}
