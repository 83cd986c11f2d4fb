// The few words of gRPC that both sides say over HTTP/2: a message's five bytes of header, and codes of an end.
#ifndef VMB_NODE_GRPC_H
#define VMB_NODE_GRPC_H

#include "base/err.h"
#include "base/strbuf.h"

enum grpc_code {
    GRPC_OK = 0,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13
};
enum { GRPC_PREFIX_BYTES = 5 };

/* Puts the header before the message that 'sb' holds. False when that passes its cap. */
bool grpc_wrap(struct strbuf *sb);

/* The one message of 'body', borrowed from it. Errors ERR_INVALID: none, more than one, or one that is compressed. */
MUST_CHECK struct err *grpc_unwrap(const struct strbuf *body, const uint8_t **ret_message, size_t *ret_len);

#endif
