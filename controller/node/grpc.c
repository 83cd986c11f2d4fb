// gRPC's frame: a flag for compression, four bytes of length, the message.
#include "grpc.h"

bool
grpc_wrap(struct strbuf *sb)
{
    size_t len = sb->len;
    const uint8_t prefix[GRPC_PREFIX_BYTES] = {0, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                                               (uint8_t)len};
    char *message = strbuf_steal(sb);
    bool fits = strbuf_add(sb, prefix, sizeof(prefix)) && strbuf_add(sb, message, len);

    free(message);
    return fits;
}

struct err *
grpc_unwrap(const struct strbuf *body, const uint8_t **ret_message, size_t *ret_len)
{
    const uint8_t *b = (const uint8_t *)strbuf_str(body);

    if (body->len < GRPC_PREFIX_BYTES) {
        return err_new(ERR_INVALID, "%zu bytes are no message", body->len);
    }
    size_t len = (size_t)b[1] << 24 | (size_t)b[2] << 16 | (size_t)b[3] << 8 | b[4];
    if (b[0] != 0) {
        return err_new(ERR_INVALID, "the message is compressed");
    }
    if (len != body->len - GRPC_PREFIX_BYTES) {
        return err_new(ERR_INVALID, "a message of %zu bytes in a body of %zu", len, body->len);
    }
    *ret_message = b + GRPC_PREFIX_BYTES;
    *ret_len = len;
    return NULL;
}
