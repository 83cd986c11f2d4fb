// The few questions that everybody asks of metadata and conditions.
#include "api/walk/meta.h"

#include "base/clock.h"
#include "base/utf8.h"

const char *
str_map_get(const struct str_map *m, const char *key)
{
    for (size_t i = 0; i < m->n; i++) {
        if (str_eq(m->items[i].key, key)) {
            return m->items[i].value;
        }
    }
    return NULL;
}

bool
str_list_has(const struct str_list *l, const char *text)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i], text)) {
            return true;
        }
    }
    return false;
}

const struct owner *
meta_controller(const struct meta *m)
{
    for (size_t i = 0; i < m->owners.n; i++) {
        if (m->owners.items[i].controller == TRI_TRUE) {
            return &m->owners.items[i];
        }
    }
    return NULL;
}

const struct condition *
condition_find(const struct condition_list *l, const char *type)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].type, type)) {
            return &l->items[i];
        }
    }
    return NULL;
}

bool
condition_is(const struct condition_list *l, const char *type, const char *status)
{
    const struct condition *c = condition_find(l, type);

    return c && str_eq(c->status, status);
}

/* The entry of a type in 'l', made when it is not there yet. */
static struct condition *
condition_slot(struct arena *a, struct condition_list *l, const char *type)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].type, type)) {
            return &l->items[i];
        }
    }
    struct condition *grown = ARENA_NEW_N(a, struct condition, l->n + 1);
    for (size_t i = 0; i < l->n; i++) {
        grown[i] = l->items[i];
    }
    l->items = grown;
    return &grown[l->n++];
}

void
condition_set(struct arena *a, struct condition_list *l, const struct condition_list *old, const struct condition *wish,
              int64_t now_s)
{
    const struct condition *before = old ? condition_find(old, wish->type) : NULL;
    struct condition c = *wish;

    if (before && str_eq(before->status, wish->status) && !str_empty(before->last_transition_time)) {
        c.last_transition_time = before->last_transition_time;
    } else {
        char text[CLOCK_TIME_SIZE];
        clock_format(now_s, text);
        c.last_transition_time = arena_strdup(a, text);
    }
    if (!c.message) {
        c.message = "";
    } else if (strlen(c.message) > CONDITION_MESSAGE_MAX) {
        c.message = arena_strndup(a, c.message, utf8_cut(c.message, CONDITION_MESSAGE_MAX));
    }
    *condition_slot(a, l, wish->type) = c;
}
