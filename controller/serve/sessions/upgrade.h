// The request that asks for a WebSocket, and its answer (RFC 6455, 4.2). Pure.
#ifndef VMB_UPGRADE_H
#define VMB_UPGRADE_H

#include "base/base.h"

enum { UPGRADE_KEY_SIZE = 25, UPGRADE_REPLY_SIZE = 256 };

/* What the headers of the request say; NULL: there is none of that name. */
struct upgrade_ask {
    const char *upgrade;
    const char *connection;
    const char *version;
    const char *key;
    const char *protocols; /* offered, with commas between them */
};

/* NULL, and 'ret_reply' is the text that accepts it; else why it cannot be. Of sub-protocols plain.kubevirt.io is taken, or none where none
 * is offered. */
MUST_CHECK const char *upgrade_accept(const struct upgrade_ask *ask, char ret_reply[UPGRADE_REPLY_SIZE]);

#endif
