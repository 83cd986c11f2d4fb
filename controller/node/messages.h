// The bodies of the device plugin API: protobuf in, protobuf out. Pure.
#ifndef VMB_NODE_MESSAGES_H
#define VMB_NODE_MESSAGES_H

#include "device.h"

#include "base/strbuf.h"

/* What one message may cost while it is read: text of an allocation of all shares, and some air. */
enum { MESSAGE_MEMORY_MAX = 2 * 1024 * 1024, ANSWER_MAX_BYTES = 512 * 1024 };

/* RegisterRequest: 'endpoint' is a socket's name in the kubelet's folder. */
void message_register(const char *endpoint, const char *resource, struct strbuf *out);

/* DevicePluginOptions, with none of them wanted. Also what the call that asks for them is answered with. */
void message_options(struct strbuf *out);

/* ListAndWatchResponse: every share of 'd'. */
void message_devices(const struct device *d, bool is_healthy, struct strbuf *out);

/* AllocateResponse to an AllocateRequest of shares of 'd': each container gets the device nodes at 'paths' once, however many shares it
 * asks for.
 * n_paths  at most DEVICES_MAX
 * Errors   ERR_INVALID: no such message, too large, or a share that 'd' has not. */
MUST_CHECK struct err *message_allocate(const struct device *d, const char *const *paths, size_t n_paths,
                                        const uint8_t *request, size_t len, struct strbuf *out);

#endif
