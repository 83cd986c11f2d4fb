// Status line, headers, body.
#include "serve/api/call_text.h"

/* What clients and logs show; others are not sent. */
static const char *
phrase(unsigned status)
{
    static const struct {
        unsigned status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {202, "Accepted"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {413, "Payload Too Large"},
        {422, "Unprocessable Entity"},
        {429, "Too Many Requests"},
        {431, "Headers Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };

    for (size_t i = 0; i < ARRAY_LEN(phrases); i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return "Status";
}

bool
call_text(struct strbuf *to, const struct call_answer *a, bool with_body)
{
    return strbuf_addf(
               to, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-cache, private\r\n",
               a->status, phrase(a->status), a->content_type, a->len) &&
           (!a->etag || strbuf_addf(to, "ETag: %s\r\nVary: Accept\r\n", a->etag)) &&
           (!a->allow || strbuf_addf(to, "Allow: %s\r\n", a->allow)) &&
           (!a->is_again || strbuf_adds(to, "Retry-After: 1\r\n")) && strbuf_adds(to, "Connection: close\r\n\r\n") &&
           (!with_body || strbuf_add(to, a->body, a->len));
}
