// One line of a watch stream, or one page of a list, taken apart. No I/O.
#ifndef VMB_WATCH_LINE_H
#define VMB_WATCH_LINE_H

#include "base/json.h"

enum watch_line_type { LINE_ADDED, LINE_MODIFIED, LINE_DELETED, LINE_BOOKMARK, LINE_ERROR };

struct watch_line {
    enum watch_line_type type;
    json_t *tree;        /* owned */
    json_t *object;      /* borrowed from the tree; never NULL */
    const char *version; /* its resourceVersion, opaque; NULL when there is none */
    bool is_initial_end; /* a bookmark that ends the initial events */
    struct err *error;   /* owned; LINE_ERROR only: what the Status says, class by its code */
};

/* Takes the tree of one line (kube/object_reader.h) apart; takes the tree. The caller owns what is in 'ret_line', also when it fails.
 * Errors: ERR_INVALID when it is no event. */
MUST_CHECK struct err *watch_line_take(json_t *tree, struct watch_line *ret_line);
void watch_line_fini(struct watch_line *line);

/* Objects in lists of built-in kinds lack apiVersion and kind: sets them in 'item' from those of the list. */
void watch_line_complete(const json_t *list, json_t *item);

#endif
