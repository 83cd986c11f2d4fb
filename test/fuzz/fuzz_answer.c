// What a server answers: a status code and any body; each is an error with a text that can be told, or none. Names go into queries.
#include "fuzz.h"

#include "kube/answer.h"
#include "kube/query.h"
#include "kube/watch_line.h"

static void
check_query(const char *text)
{
    AUTO(strbuf_fini) struct strbuf path = STRBUF_INIT(1 << 20);

    (void)strbuf_adds(&path, "/api/v1/pods");
    query_add(&path, "continue", text);
    query_add(&path, "none", NULL);
    const char *value = strstr(strbuf_str(&path), "?continue=");
    BUG_ON(!value);
    for (const char *c = value + strlen("?continue="); *c; c++) { /* nothing that ends or splits a value */
        BUG_ON((unsigned char)*c <= ' ' || (unsigned char)*c >= 127 || strchr("&=#?/+", *c));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *text = (const char *)data + 2;
    long status = 100 + (data[0] << 8 | data[1]) % 500;
    AUTO(json_freep) json_t *body = NULL;
    AUTO(err_freep) struct err *unreadable = json_part(text, size - 2, NULL, &body);
    AUTO(err_freep) struct err *e = answer_error("GET pods", status, body);
    AUTO(freep) char *copy = xstrndup(text, size - 2);

    BUG_ON(!unreadable != (body != NULL));
    BUG_ON(!e != (status >= 200 && status < 300));
    if (e) {
        AUTO(json_freep) json_t *told = json_string(err_text(e));
        BUG_ON(!told || !str_starts(err_text(e), "GET pods: ") || err_class(e) == ERR_FATAL);
    }
    BUG_ON(!answer_reason(body));
    if (json_is_object(body)) {
        watch_line_complete(body, json_at(body, "items", NULL));
    }
    check_query(copy);
    return 0;
}
