// Any bytes as a request to the aggregated API, cut anywhere: a whole one has names that are fit to be a path, a method of the table, and a user of
// plain text; cut or whole, the same comes out.
#include "fuzz.h"

#include "cache/legal.h"
#include "serve/api/front_proxy_config.h"
#include "serve/api/guest_info.h"
#include "serve/api/route.h"

static const char *const names[] = {"x-remote-user"}, *const groups[] = {"x-remote-group"},
                         *const extras[] = {"x-remote-extra-"};

static const struct front_proxy_config config = {
    .user_headers = {(const char **)(uintptr_t)names, 1},
    .group_headers = {(const char **)(uintptr_t)groups, 1},
    .extra_prefixes = {(const char **)(uintptr_t)extras, 1},
};

static void
check_route(const struct http_request *q)
{
    struct route r;

    route_find(q->method, q->path, &r);
    BUG_ON((r.kind == ROUTE_VERB || r.kind == ROUTE_BAD_METHOD) != (r.row != NULL));
    if (r.row) {
        BUG_ON(!legal_namespace(r.namespace) || (*r.row->resource && !legal_name(r.name)) || str_eq(r.name, ".."));
        BUG_ON(r.kind == ROUTE_VERB && !str_eq(r.row->method, q->method));
    }
}

static void
check_user(const struct http_request *q)
{
    AUTO(json_freep) json_t *user = front_proxy_user(&config, q);

    if (user) {
        AUTO(freep) char *text = json_compact(user);
        BUG_ON(!text || !json_str(user, "user") || !json_is_array(json_object_get(user, "groups")));
    }
}

static void
check_duration(const char *text)
{
    AUTO(json_freep) json_t *value = json_string(text);
    int64_t seconds = -1;

    BUG_ON(guest_info_duration_s(value, &seconds) && seconds < 0);
}

static void
check_request(const struct http_request *q)
{
    BUG_ON(q->path[0] != '/' || q->n_headers > HTTP_HEADERS_MAX || q->body_len > HTTP_BODY_MAX);
    for (size_t i = 0; i < q->n_headers; i++) {
        for (const char *p = q->headers[i].value; *p; p++) {
            BUG_ON((unsigned char)*p < ' ');
        }
    }
    check_duration(q->query);
    check_route(q);
    check_user(q);
}

/* In pieces of 'step' bytes. */
static enum http_read
feed(struct http_reader *r, const uint8_t *data, size_t size, size_t step)
{
    enum http_read got = HTTP_MORE;

    for (size_t at = 0; at < size && got == HTTP_MORE; at += step) {
        got = http_reader_feed(r, (const char *)data + at, size - at < step ? size - at : step);
    }
    return got;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_reader *whole = http_reader_new(), *cut = http_reader_new();
    enum http_read a = feed(whole, data, size, size + 1), b = feed(cut, data, size, size > 0 ? data[0] % 7 + 1 : 1);

    BUG_ON((a == HTTP_WHOLE) != (b == HTTP_WHOLE) && size < HTTP_HEAD_MAX);
    if (a == HTTP_WHOLE) {
        check_request(http_reader_request(whole));
    }
    if (a == HTTP_WHOLE && b == HTTP_WHOLE) {
        const struct http_request *p = http_reader_request(whole), *q = http_reader_request(cut);
        BUG_ON(!str_eq(p->path, q->path) || p->n_headers != q->n_headers || p->body_len != q->body_len ||
               memcmp(p->body, q->body, p->body_len) != 0);
    }
    http_reader_free(whole);
    http_reader_free(cut);
    return 0;
}
