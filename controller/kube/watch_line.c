// The shape of watch events and lists.
#include "watch_line.h"

#include "kube/answer.h"

static const char *const type_names[] = {
    [LINE_ADDED] = "ADDED",       [LINE_MODIFIED] = "MODIFIED", [LINE_DELETED] = "DELETED",
    [LINE_BOOKMARK] = "BOOKMARK", [LINE_ERROR] = "ERROR",
};

static bool type_find(const char *name, enum watch_line_type *ret_type);

struct err *
watch_line_take(json_t *tree, struct watch_line *ret_line)
{
    *ret_line = (struct watch_line){.tree = tree};
    ret_line->object = json_object_get(ret_line->tree, "object");
    if (!json_is_object(ret_line->object) || !type_find(json_str(ret_line->tree, "type"), &ret_line->type)) {
        return err_new(ERR_INVALID, "it is no watch event");
    }
    const json_t *meta = json_object_get(ret_line->object, "metadata");
    ret_line->version = json_str(meta, "resourceVersion");
    if (ret_line->type == LINE_BOOKMARK) {
        const json_t *notes = json_object_get(meta, "annotations");
        ret_line->is_initial_end = str_eq(json_str(notes, "k8s.io/initial-events-end"), "true");
    }
    if (ret_line->type == LINE_ERROR) {
        int64_t code = json_int(ret_line->object, "code", 500);
        ret_line->error =
            answer_error("watch ended by the server", code >= 300 && code < 600 ? (long)code : 500, ret_line->object);
    }
    return NULL;
}

void
watch_line_fini(struct watch_line *line)
{
    err_free(line->error);
    json_decref(line->tree);
    *line = (struct watch_line){0};
}

void
watch_line_complete(const json_t *list, json_t *item)
{
    const char *kind = json_str(list, "kind");
    const char *version = json_str(list, "apiVersion");
    size_t len = kind ? strlen(kind) : 0;
    size_t tail = strlen("List");

    if (version && !json_object_get(item, "apiVersion")) {
        (void)json_object_set_new(item, "apiVersion", json_string(version));
    }
    if (len > tail && str_eq(kind + len - tail, "List") && !json_object_get(item, "kind")) {
        (void)json_object_set_new(item, "kind", json_stringn(kind, len - tail));
    }
}

static bool
type_find(const char *name, enum watch_line_type *ret_type)
{
    for (size_t i = 0; name && i < ARRAY_LEN(type_names); i++) {
        if (str_eq(name, type_names[i])) {
            *ret_type = (enum watch_line_type)i;
            return true;
        }
    }
    return false;
}
