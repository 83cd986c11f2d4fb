// A list that is read in pages, for a server that does not stream lists: page by page, each item as it comes. Loop thread only.
#ifndef VMB_LIST_PAGES_H
#define VMB_LIST_PAGES_H

#include "kube/object_reader.h"
#include "kube/request.h"

struct list_pages_spec {
    const char *path; /* all borrowed for the life of the list */
    const char *resource;
    const char *label_selector; /* NULL: all */
    const char *field_selector; /* NULL: all */
    const char *const *parts;   /* as in kube/watch.h; copied */
    size_t object_max_bytes;
};

/* list_pages_stop is allowed in each. */
struct list_pages_sink {
    void (*heard)(void *arg); /* bytes came */
    /* As object_item_fn. A page that breaks off is asked for again, and its objects come twice. False: nothing more is wanted. */
    bool (*item)(void *arg, const json_t *item, const struct object_lack *lack);
    void (*done)(void *arg, const char *version); /* the list is complete, as of that version */
    /* 'reply' is NULL when the server answered, and not what it should. list_pages_next() goes on. */
    void (*failed)(void *arg, const struct kube_reply *reply);
};

struct list_pages;

/* Borrows 'sink' for its life. */
MUST_CHECK struct list_pages *list_pages_new(struct kube *k, const struct list_pages_spec *spec,
                                             const struct list_pages_sink *sink, void *arg);
/* Not while it runs. */
void list_pages_free(struct list_pages *p);

/* Asks for the first page, or after a failure for the same one again. */
void list_pages_next(struct list_pages *p);
/* The next page is not the first. */
bool list_pages_is_begun(const struct list_pages *p);
/* The next page is the first. */
void list_pages_reset(struct list_pages *p);
/* Nothing is under way any more, and nothing is called. */
void list_pages_stop(struct list_pages *p);

#endif
