// One list+watch that never ends: streaming list (or pages), bookmarks, resume, 410, server time-outs, back-off. Loop thread only.
#ifndef VMB_WATCH_H
#define VMB_WATCH_H

#include "kube/request.h"

enum watch_event { WATCH_ADDED, WATCH_MODIFIED, WATCH_DELETED };

struct watch_spec {
    const char *path;           /* "/apis/kubevirt.io/v1/virtualmachines"; copied */
    const char *resource;       /* "virtualmachines", for metrics and logs; copied */
    const char *label_selector; /* NULL: all; copied */
    const char *field_selector; /* NULL: all; copied */
    const char *const *parts;   /* of an object, that are built (base/json.h); NULL: all; copied */
    size_t object_max_bytes;    /* of what is kept of one object; of a larger one only a header is; 0: 512 KiB */
};

struct watch_sink {
    /* A full list begins (first start, 410, or the server lost its place): objects that do not come until 'synced' are gone. */
    void (*begin)(void *arg);
    /* One object, borrowed. During a list all come as WATCH_ADDED, save what is deleted while it lasts.
     * 'why' is NULL when the object holds all that is wanted; else it says in a few words why it does not ("it is larger than 512 KiB"),
     * and the object holds no more than a header (kube/object_header.h). 'watch_close' is allowed in each of the three.
     * What cannot be read at all does not come; log and metrics tell it. */
    void (*object)(void *arg, enum watch_event event, const json_t *object, const char *why);
    /* The list is complete. */
    void (*synced)(void *arg);
    /* The server does not serve the resource, or has refused every list of it so far (is_refused); comes again and again, until it gives one.
     * 'watch_close' is not allowed. NULL: such a thing is a failure like others. */
    void (*absent)(void *arg, bool is_refused);
};

struct watch;

/* Starts at once and goes on until closed. 'sink' is borrowed for the watch's life. */
MUST_CHECK struct watch *watch_new(struct kube *k, const struct watch_spec *spec, const struct watch_sink *sink,
                                   void *arg);
void watch_close(struct watch *w);

#endif
