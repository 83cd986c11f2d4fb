// What a hostile peer of the kubelet's side sends to vmbridge-node: bytes on a connection, in pieces, through nghttp2 to the methods and their
// protobuf; or, to its other side, what a false kubelet answers to a registration. nghttp2 and protobuf-c are the real ones.
// The first byte says which side and what comes before (enum how), the second how long the pieces are.
#include "fuzz.h"

#include "node/grpc_client.h"
#include "node/grpc_server.h"
#include "node/messages.h"
#include "node/plugin.h"

enum how { HOW_CLIENT = 1, HOW_PREFACE = 2, HOW_CHANGES = 4, HOW_DEAF = 8, HOW_MESSAGE = 16 };
enum { SHARES = 20, INPUT_MAX = 256 * 1024, PULLS_MAX = 10000 };

static const struct device device = {.name = "kvm", .path = "/dev/null", .shares = SHARES};

/* What every client begins with, and an empty SETTINGS frame. */
static const uint8_t preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";

static void
message(const uint8_t *data, size_t size)
{
    const char *const paths[] = {"/dev/null"};
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(ANSWER_MAX_BYTES);
    AUTO(err_freep) struct err *e = message_allocate(&device, paths, 1, data, size, &out);

    BUG_ON(e && err_class(e) != ERR_INVALID);
    BUG_ON(e && out.len > 0);
}

/* The peer takes all that there is. */
static bool
drain_server(struct grpc_server *s)
{
    const uint8_t *out;
    ssize_t n = grpc_server_pull(s, &out);
    unsigned pulls = 0;

    for (; n > 0; n = grpc_server_pull(s, &out)) {
        pulls++;
        BUG_ON(pulls > PULLS_MAX);
    }
    return n == 0;
}

static void
server(unsigned how, const uint8_t *data, size_t size, size_t step)
{
    struct plugin p = {.device = &device, .gives = &device, .n_gives = 1, .root = ""};
    const struct grpc_service service = plugin_service(&p);
    struct grpc_server *s = grpc_server_new(&service);
    bool is_open = !(how & HOW_PREFACE) || grpc_server_feed(s, preface, sizeof(preface) - 1);

    for (size_t at = 0; at < size && is_open; at += step) {
        is_open = grpc_server_feed(s, data + at, size - at < step ? size - at : step);
        BUG_ON(grpc_server_watches(s) > GRPC_STREAMS_MAX);
        if (how & HOW_CHANGES) {
            p.is_healthy = !p.is_healthy;
            grpc_server_changed(s);
        }
        if (is_open && !(how & HOW_DEAF)) {
            is_open = drain_server(s);
        }
    }
    if (is_open) {
        (void)drain_server(s);
    }
    grpc_server_free(s);
}

static void
client(const uint8_t *data, size_t size, size_t step)
{
    struct grpc_client *c = grpc_client_new("/v1beta1.Registration/Register", "\x0a\x01x", 3);
    const uint8_t *out;
    bool is_open = true;

    for (size_t at = 0; at < size && is_open; at += step) {
        while (grpc_client_pull(c, &out) > 0) {
        }
        is_open = grpc_client_feed(c, data + at, size - at < step ? size - at : step);
    }
    AUTO(err_freep) struct err *e = grpc_client_result(c);
    BUG_ON(!grpc_client_is_done(c) && !e);
    grpc_client_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > INPUT_MAX) {
        return 0;
    }
    size_t step = (size_t)data[1] * data[1] + 1;

    if (data[0] & HOW_MESSAGE) {
        message(data + 2, size - 2);
    } else if (data[0] & HOW_CLIENT) {
        client(data + 2, size - 2, step);
    } else {
        server(data[0], data + 2, size - 2, step);
    }
    return 0;
}
