// Any bytes as what the gateway says of a stream that it wants, a JSON message: what is taken can be dialled.
#include "fuzz.h"

#include "streams/stream_ask.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    AUTO(json_freep) json_t *j = NULL;
    const char *type = NULL;
    struct launcher_request r = {0};
    struct stream_ask ask;
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, strlen(text), &j, &type);
    AUTO(err_freep) struct err *e2 = e ? NULL : api_decode(&launcher_request_type, j, a, &r);

    if (e || e2 || stream_ask_read(&r, &ask)) {
        return 0;
    }
    BUG_ON(strlen(ask.number) != LAUNCHER_SESSION_DIGITS || strpbrk(ask.number, "/?# ") || str_empty(ask.address));
    BUG_ON(ask.kind != STREAM_CONSOLE && ask.kind != STREAM_VNC && ask.kind != STREAM_PORT);
    BUG_ON((ask.kind == STREAM_PORT) != (ask.port > 0) || ask.port > 65535);
    return 0;
}
