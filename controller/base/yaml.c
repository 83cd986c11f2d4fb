// libyaml's event stream into a jansson tree.
#include "yaml.h"

#include <errno.h>
#include <yaml.h>

enum { YAML_DEPTH_MAX = 64 };

struct yaml_reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool has_event;
};

static struct err *yaml_next(struct yaml_reader *r);
static struct err *yaml_documents(struct yaml_reader *r, json_t *docs);
static struct err *yaml_node(struct yaml_reader *r, int depth, json_t **ret_json);
static struct err *yaml_sequence(struct yaml_reader *r, int depth, json_t **ret_json);
static struct err *yaml_mapping(struct yaml_reader *r, int depth, json_t **ret_json);
static json_t *yaml_scalar(const yaml_event_t *event);
static struct err *yaml_error(const struct yaml_reader *r, const char *what);

struct err *
yaml_parse(const char *text, size_t len, size_t max_bytes, json_t **ret_documents)
{
    struct yaml_reader r = {0};

    if (len > max_bytes) {
        return err_new(ERR_INVALID, "YAML text of %zu bytes is larger than %zu", len, max_bytes);
    }
    BUG_ON(!yaml_parser_initialize(&r.parser));
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
    AUTO(json_freep) json_t *docs = json_array();
    struct err *e = yaml_documents(&r, docs);
    if (r.has_event) {
        yaml_event_delete(&r.event);
    }
    yaml_parser_delete(&r.parser);
    if (!e) {
        *ret_documents = STEAL(docs);
    }
    return e;
}

static struct err *
yaml_next(struct yaml_reader *r)
{
    if (r->has_event) {
        yaml_event_delete(&r->event);
        r->has_event = false;
    }
    if (!yaml_parser_parse(&r->parser, &r->event)) {
        return err_new(ERR_INVALID, "not YAML at line %zu: %s", r->parser.problem_mark.line + 1,
                       r->parser.problem ? r->parser.problem : "bad text");
    }
    r->has_event = true;
    return NULL;
}

static struct err *
yaml_documents(struct yaml_reader *r, json_t *docs)
{
    for (;;) {
        json_t *doc = NULL;
        struct err *e = yaml_next(r);

        if (e || r->event.type == YAML_STREAM_END_EVENT) {
            return e;
        }
        if (r->event.type != YAML_DOCUMENT_START_EVENT) {
            continue; /* stream start, document end */
        }
        e = yaml_next(r);
        if (!e) {
            e = yaml_node(r, 0, &doc);
        }
        if (e) {
            return e;
        }
        BUG_ON(json_array_append_new(docs, doc) != 0);
    }
}

static struct err *
yaml_node(struct yaml_reader *r, int depth, json_t **ret_json) // NOLINT(misc-no-recursion): the depth is capped
{
    if (depth > YAML_DEPTH_MAX) {
        return yaml_error(r, "nested too deep");
    }
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        *ret_json = yaml_scalar(&r->event);
        return *ret_json ? NULL : yaml_error(r, "text is not UTF-8");
    case YAML_SEQUENCE_START_EVENT:
        return yaml_sequence(r, depth, ret_json);
    case YAML_MAPPING_START_EVENT:
        return yaml_mapping(r, depth, ret_json);
    case YAML_ALIAS_EVENT:
        return yaml_error(r, "aliases are not accepted");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        break;
    }
    return yaml_error(r, "unexpected end");
}

static struct err *
yaml_sequence(struct yaml_reader *r, int depth, json_t **ret_json) // NOLINT(misc-no-recursion): the depth is capped
{
    AUTO(json_freep) json_t *list = json_array();

    for (;;) {
        json_t *item = NULL;
        struct err *e = yaml_next(r);
        if (!e && r->event.type == YAML_SEQUENCE_END_EVENT) {
            *ret_json = STEAL(list);
            return NULL;
        }
        if (!e) {
            e = yaml_node(r, depth + 1, &item);
        }
        if (e) {
            return e;
        }
        BUG_ON(json_array_append_new(list, item) != 0);
    }
}

static struct err *
yaml_mapping(struct yaml_reader *r, int depth, json_t **ret_json) // NOLINT(misc-no-recursion): the depth is capped
{
    AUTO(json_freep) json_t *map = json_object();

    for (;;) {
        json_t *value = NULL;
        struct err *e = yaml_next(r);
        if (!e && r->event.type == YAML_MAPPING_END_EVENT) {
            *ret_json = STEAL(map);
            return NULL;
        }
        if (!e && r->event.type != YAML_SCALAR_EVENT) {
            e = yaml_error(r, "a key must be a scalar");
        }
        if (e) {
            return e;
        }
        AUTO(freep) char *key = xstrdup((const char *)r->event.data.scalar.value);
        if (json_object_get(map, key)) {
            return yaml_error(r, "a key stands twice");
        }
        e = yaml_next(r);
        if (!e) {
            e = yaml_node(r, depth + 1, &value);
        }
        if (e) {
            return e;
        }
        if (json_object_set_new(map, key, value) != 0) {
            return yaml_error(r, "key is not UTF-8");
        }
    }
}

static json_t *
yaml_scalar(const yaml_event_t *event)
{
    const char *s = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    char *end;

    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) {
        return json_stringn(s, len);
    }
    if (len == 0 || str_eq(s, "~") || str_eq(s, "null") || str_eq(s, "Null") || str_eq(s, "NULL")) {
        return json_null();
    }
    if (str_eq(s, "true") || str_eq(s, "True") || str_eq(s, "TRUE")) {
        return json_true();
    }
    if (str_eq(s, "false") || str_eq(s, "False") || str_eq(s, "FALSE")) {
        return json_false();
    }
    if (strspn(s, "+-.0123456789eE") == len && strpbrk(s, "0123456789")) {
        errno = 0;
        long long i = strtoll(s, &end, 10);
        if (!*end && errno == 0) {
            return json_integer(i);
        }
        double d = strtod(s, &end);
        if (!*end) {
            return json_real(d);
        }
    }
    return json_stringn(s, len);
}

static struct err *
yaml_error(const struct yaml_reader *r, const char *what)
{
    return err_new(ERR_INVALID, "YAML line %zu: %s", r->event.start_mark.line + 1, what);
}
