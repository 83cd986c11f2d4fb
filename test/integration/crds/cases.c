// Making objects of the rows of rules.yaml and fields.yaml.
#include "cases.h"

#include "base/yaml.h"

enum { FILE_MAX = 1 << 20 };

static json_t *
rows_of(const char *folder, const char *file)
{
    AUTO(freep) char *path = xasprintf("%s/%s", folder, file);
    AUTO(fclosep) FILE *f = fopen(path, "re");
    AUTO(freep) char *text = xcalloc(1, FILE_MAX);
    json_t *docs = NULL;

    if (!f) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(2);
    }
    size_t len = fread(text, 1, FILE_MAX, f);
    AUTO(err_freep) struct err *e = yaml_parse(text, len, FILE_MAX, &docs);
    if (e) {
        fprintf(stderr, "%s: %s\n", path, err_text(e));
        exit(2);
    }
    json_t *rows = json_incref(json_array_get(docs, 0));
    json_decref(docs);
    return rows;
}

// NOLINTBEGIN(misc-no-recursion): as deep as rules.yaml nests
/* JSON merge patch (RFC 7386) of 'patch' into 'to'. */
static void
merge(json_t *to, const json_t *patch)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)patch, key, value) {
        json_t *old = json_object_get(to, key);
        if (json_is_null(value)) {
            json_object_del(to, key);
        } else if (json_is_object(value) && json_is_object(old)) {
            merge(old, value);
        } else {
            json_object_set_new(to, key, json_deep_copy(value));
        }
    }
}

/* "@x2048" stands for 2,048 times the letter x, in place. */
static json_t *
grown(const json_t *j)
{
    const char *text = json_string_value(j);

    if (!text || !str_starts(text, "@x")) {
        return NULL;
    }
    size_t n = strtoul(text + 2, NULL, 10);
    AUTO(freep) char *s = xcalloc(1, n + 1);
    memset(s, 'x', n);
    return json_string(s);
}

static void
grow(json_t *j)
{
    const char *key;
    json_t *value;
    size_t i;

    json_object_foreach(j, key, value) {
        json_t *big = grown(value);
        if (big) {
            json_object_set_new(j, key, big);
        } else {
            grow(value);
        }
    }
    if (json_is_array(j)) {
        json_array_foreach(j, i, value) {
            grow(value);
        }
    }
}

// NOLINTEND(misc-no-recursion)

static json_t *
case_of(const json_t *base, const json_t *row, size_t n, const char *which)
{
    const json_t *patch = json_object_get(row, which);
    const char *rule = json_str(row, "rule"), *want = json_str(row, "want");
    const char *server = json_str(row, "server"), *ours = json_str(row, "ours");
    json_t *spec = json_deep_copy(base);
    char name[32];

    if (!patch || !rule) {
        fprintf(stderr, "rules.yaml: row %zu needs rule, bad and good\n", n);
        exit(2);
    }
    want = want ? want : rule;
    snprintf(name, sizeof(name), "rule-%zu-%s", n, which);
    merge(spec, json_object_get(patch, "vm"));
    merge(json_at(spec, "template", "spec", NULL), json_object_get(patch, "spec"));
    json_object_del(spec, json_is_null(json_object_get(spec, "running")) ? "running" : "");
    grow(spec);
    return json_pack("{s:s, s:s, s:b, s:b, s:b, s:s, s:s, s:{s:s, s:s, s:{s:s, s:s}, s:o}}", "name", name, "rule", rule,
                     "ok", strcmp(which, "good") == 0, "later", json_bool(row, "later", false), "again",
                     json_bool(row, "again", false), "server", server ? server : want, "ours", ours ? ours : want, "vm",
                     "apiVersion", "kubevirt.io/v1", "kind", "VirtualMachine", "metadata", "name", name, "namespace",
                     "default", "spec", spec);
}

json_t *
cases_load(const char *folder)
{
    AUTO(json_freep) json_t *rows = rows_of(folder, "rules.yaml");
    const json_t *base = json_object_get(json_array_get(rows, 0), "base");
    json_t *cases = json_array();

    for (size_t i = 1; i < json_array_size(rows); i++) {
        json_array_append_new(cases, case_of(base, json_array_get(rows, i), i, "bad"));
        json_array_append_new(cases, case_of(base, json_array_get(rows, i), i, "good"));
    }
    return cases;
}

/* The object or list that stands at a key of 'j'; it is made when it is not there. Of a list the first item. */
static json_t *
step_into(json_t *j, const char *key, bool is_list)
{
    json_t *value = json_object_get(j, key);

    if (!value) {
        value = is_list ? json_pack("[{}]") : json_object();
        json_object_set_new(j, key, value);
    }
    return is_list ? json_array_get(value, 0) : value;
}

/* A volume loses the source that it had, a disk its target. */
static void
make_room(json_t *item, const char *list, const char *rest)
{
    if (strcmp(list, "volumes") == 0) {
        json_object_del(item, "containerDisk");
    }
    if (strcmp(list, "disks") == 0 && (str_starts(rest, "lun") || str_starts(rest, "cdrom"))) {
        json_object_del(item, "disk");
    }
}

/* Puts a value at a path such as "template.spec.volumes[].hostDisk.path". */
static void
put_at(json_t *spec, const char *path, const json_t *value)
{
    const char *end;

    for (json_t *j = spec; j; path = end + 1) {
        end = path + strcspn(path, ".");
        bool is_list = end > path && end[-1] == ']', is_last = *end == '\0';
        AUTO(freep) char *key = xstrndup(path, (size_t)(end - path) - (is_list ? strlen("[]") : 0));
        if (is_last) {
            json_object_set_new(j, key, json_deep_copy(value));
            return;
        }
        j = step_into(j, key, is_list);
        make_room(j, key, end + 1);
    }
}

json_t *
fields_load(const char *folder)
{
    AUTO(json_freep) json_t *rules = rows_of(folder, "rules.yaml");
    AUTO(json_freep) json_t *rows = rows_of(folder, "fields.yaml");
    const json_t *base = json_object_get(json_array_get(rules, 0), "base");
    json_t *fields = json_array();
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row) {
        const char *path = json_str(row, "path"), *class = json_str(row, "class"), *asks = json_str(row, "asks");
        const char *at = json_str(row, "at");
        json_t *spec = json_deep_copy(base);
        char name[32];
        bool has_value = json_object_get(row, "value") != NULL;
        if (!path || !class) {
            fprintf(stderr, "fields.yaml: row %zu needs path and class\n", i);
            exit(2);
        }
        snprintf(name, sizeof(name), "field-%zu", i);
        json_object_del(spec, "running");
        asks = asks || !has_value ? asks : class;
        if (has_value) {
            put_at(spec, at ? at : path, json_object_get(row, "value"));
        }
        json_array_append_new(fields, json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s, s:{s:s, s:s}, s:o}}", "name", name,
                                                "path", path, "class", class, "asks", asks ? asks : "", "vm",
                                                "apiVersion", "kubevirt.io/v1", "kind", "VirtualMachine", "metadata",
                                                "name", name, "namespace", "default", "spec", spec));
    }
    return fields;
}
