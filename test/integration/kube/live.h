// A client and its loop against the real API server that $KUBECONFIG names, with calls that wait.
#ifndef VMB_TEST_LIVE_H
#define VMB_TEST_LIVE_H

#include "kube/request.h"
#include "kube/watch.h"

enum { LIVE_NAME_SIZE = 64, LIVE_WAIT_MS = 30000 };

struct live {
    uv_loop_t loop;
    struct kube_config *config;
    struct metrics *metrics;
    struct kube *kube;
    char space[LIVE_NAME_SIZE]; /* a namespace of this test alone */
};

/* What a call brought, kept. */
struct live_answer {
    bool is_done;
    unsigned n_done;
    long status;
    bool has_err;
    enum err_class class;
    char text[512];
    char reason[64];
    bool is_header; /* the body is */
    json_t *body;   /* owned */
};

/* The objects that a watch knows: name -> resourceVersion. */
struct live_object;
struct live_store {
    struct live_object *table;
    unsigned n_begin;
    unsigned n_synced;
    unsigned n_added;
    unsigned n_modified;
    unsigned n_deleted;
    unsigned n_headers; /* objects of which only the header came */
    unsigned n_wrong;   /* events that contradict what was known */
    bool in_list;
    struct watch *watch; /* NULL when the test closed it */
};

/* Opens a client; 'options' may be NULL. Ends the test when that fails. */
void live_open(struct live *l, const struct kube_options *options);
void live_close(struct live *l);
/* The same with another address instead of the kubeconfig's: a proxy's. */
void live_open_at(struct live *l, const char *server, const struct kube_options *options);

/* Makes the test's namespace and waits until it takes objects. */
void live_namespace(struct live *l, const char *prefix);

/* "/api/v1/namespaces/<space>/configmaps/<name>"; 'name' NULL: the collection. Valid until the 8th next call. */
const char *live_path(const struct live *l, const char *name);

/* Runs the loop until '*flag', at most 'ms'. False when the time was over. */
bool live_until(struct live *l, const bool *flag, int64_t ms);
bool live_until_count(struct live *l, const unsigned *count, unsigned at_least, int64_t ms);
void live_run(struct live *l, int64_t ms);

/* kube_done_fn for a struct live_answer. */
void live_done(void *arg, const struct kube_reply *reply);
/* Sends and waits. Free with live_answer_fini. */
struct live_answer live_call(struct live *l, enum kube_verb verb, const char *path, const char *body);
void live_answer_fini(struct live_answer *a);
/* A config map with 'fill' bytes of data, made; ends the test when it is refused. */
void live_make(struct live *l, const char *name, size_t fill);

extern const struct watch_sink live_sink; /* for a struct live_store */
void live_watch(struct live *l, struct live_store *s);
size_t live_count(const struct live_store *s);
bool live_has(const struct live_store *s, const char *name);
void live_store_fini(struct live_store *s);
/* Waits until the store holds 'n' objects and its list is complete. */
bool live_until_objects(struct live *l, struct live_store *s, size_t n, int64_t ms);

/* Runs "test/integration/kube/apiserver VERB" ($VMB_TEST_APISERVER) while the client lives on; ends the test when it fails. */
void live_server(struct live *l, const char *verb);
bool live_has_server(void); /* whether this test may stop it */

#endif
