// Percent-encoding of RFC 3986: what is not unreserved is encoded.
#include "query.h"

void
query_add(struct strbuf *path, const char *key, const char *value)
{
    if (!value) {
        return;
    }
    (void)strbuf_addc(path, strchr(strbuf_str(path), '?') ? '&' : '?');
    (void)strbuf_adds(path, key);
    (void)strbuf_addc(path, '=');
    for (const char *c = value; *c; c++) {
        bool is_plain =
            (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("-._~", *c);
        if (is_plain) {
            (void)strbuf_addc(path, *c);
        } else {
            (void)strbuf_addf(path, "%%%02X", (unsigned)(unsigned char)*c);
        }
    }
}

void
query_add_watch(struct strbuf *path, int seconds, const char *version)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%d", seconds);
    query_add(path, "watch", "true");
    query_add(path, "allowWatchBookmarks", "true");
    query_add(path, "timeoutSeconds", text);
    query_add(path, "sendInitialEvents", version ? NULL : "true");
    query_add(path, "resourceVersionMatch", version ? NULL : "NotOlderThan");
    query_add(path, "resourceVersion", version);
}
