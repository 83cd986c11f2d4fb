// Five lines as the headers of an upgrade: what is accepted is an answer of ours, and says no sub-protocol that was not offered.
#include "fuzz.h"

#include "serve/sessions/upgrade.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LINES = 5 };
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    const char *lines[LINES] = {0};
    char reply[UPGRADE_REPLY_SIZE] = "";
    char *next = text;

    for (size_t i = 0; i < LINES && next; i++) {
        char *line = strsep(&next, "\n");
        lines[i] = *line ? line : NULL;
    }
    const struct upgrade_ask ask = {lines[0], lines[1], lines[2], lines[3], lines[4]};
    const char *why = upgrade_accept(&ask, reply);
    if (why) {
        return 0;
    }
    BUG_ON(!str_starts(reply, "HTTP/1.1 101 ") || strlen(reply) < 4 || !str_eq(reply + strlen(reply) - 4, "\r\n\r\n"));
    BUG_ON(strstr(reply, "Protocol:") && (!lines[4] || !strstr(lines[4], "plain.kubevirt.io")));
    BUG_ON(!str_eq(lines[2], "13"));
    return 0;
}
