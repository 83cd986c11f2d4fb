// The launcher's line to the gateway: one WebSocket over TLS, dialled again whenever it is lost. The guest never waits for it.
#ifndef VMB_GATEWAY_CLIENT_H
#define VMB_GATEWAY_CLIENT_H

#include <uv.h>

#include "api/kinds/launcher_msg.h"
#include "base/log.h"
#include "report/answers.h"

struct gateway_client;

struct gateway_client_options {
    const char *address;   /* "host:port" of the Service */
    const char *name;      /* that the certificate must bear; NULL or "": the host of 'address' */
    const char *pins_path; /* read anew for each connection, like the token */
    const char *token_path;
    int64_t dial_max_ms; /* a try of which nothing is heard for so long is given up; 0: a time that all of its own timeouts end before */
    const struct log *log;
    /* The gateway asks for something; 'desired' is borrowed until the return. */
    void (*desired)(void *arg, const struct launcher_desired *desired);
    void *arg;
    struct answers *answers; /* to requests; borrowed. NULL: none are understood */
};

/* Begins to dial. Strings of the options are borrowed for the client's life. Errors: ERR_FATAL. */
MUST_CHECK struct err *gateway_client_new(uv_loop_t *loop, const struct gateway_client_options *o,
                                          struct gateway_client **ret_client);

/* Has 'text' told: now, or when the line is up again. Only the last text counts. Copied. */
void gateway_client_tell(struct gateway_client *c, const char *text);
/* Says an answer once, if the line is up: else the gateway asks for it again. NULL is nothing. Copied. */
void gateway_client_answer(struct gateway_client *c, const char *text);
/* True when the last text has left. */
bool gateway_client_is_told(const struct gateway_client *c);

#endif
