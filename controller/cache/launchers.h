// What the launchers last said, by UID of their instance and of their pod: observed state beside the API objects. Does no I/O.
#ifndef VMB_LAUNCHERS_H
#define VMB_LAUNCHERS_H

#include "cache/packed.h"

/* More than one instance ever has: one, and a second one while its guest is moved. */
enum { LAUNCHERS_EACH_MAX = 4 };

/* What one pod's launcher said. */
struct launcher {
    char *pod_uid;
    struct packed *state; /* the last state message, a JSON text, or NULL */
    char *desired;        /* JSON text last sent down over this connection, or NULL */
    bool connected;
};

/* Those of one instance. Borrowed until the next change of the same instance. */
struct instance_launchers {
    char *vmi_uid;
    char *key;      /* "namespace/name" of the instance */
    char *made_uid; /* of the pod that was made for it while we led, or NULL */
    char *warnings; /* what events said of that pod when they were last read (reconcile/vmi/pod_warnings.h), or NULL */
    int64_t warned_s; /* when that was */
    uint64_t version; /* another one after each change of what a sync reads, but launchers_sent */
    struct launcher *items;
    size_t n;
};

struct launchers;

MUST_CHECK struct launchers *launchers_new(void);
void launchers_free(struct launchers *l);

/* Makes the entry of an instance, or only keeps it: who dials in is known by its key from now on. */
void launchers_name(struct launchers *l, const char *vmi_uid, const char *key);
/* The create of its pod was answered with that UID; NULL forgets it. */
void launchers_made(struct launchers *l, const char *vmi_uid, const char *made_uid);
/* Only of named instances. One of a pod that is new has said nothing yet; it takes a place of its own, or when LAUNCHERS_EACH_MAX are
 * taken that of one that is not connected. If all are, it counts for nothing. */
void launchers_connected(struct launchers *l, const char *vmi_uid, const char *pod_uid);
void launchers_disconnected(struct launchers *l, const char *vmi_uid, const char *pod_uid);
/* Keeps a state message of that pod's launcher; true when it differs from its last. */
bool launchers_state(struct launchers *l, const char *vmi_uid, const char *pod_uid, const char *text, size_t len);
void launchers_sent(struct launchers *l, const char *vmi_uid, const char *pod_uid, const char *text);
/* Its pod's events were read. True: they say something else than before. NULL: they could not be read, and what they said stays. */
bool launchers_warned(struct launchers *l, const char *vmi_uid, const char *warnings, int64_t now_s);
/* The pod is gone, and with it what its launcher said. */
void launchers_remove_pod(struct launchers *l, const char *vmi_uid, const char *pod_uid);
/* The instance is gone. */
void launchers_remove(struct launchers *l, const char *vmi_uid);
/* All connections are gone: leadership was lost. */
void launchers_clear(struct launchers *l);

const struct instance_launchers *launchers_get(const struct launchers *l, const char *vmi_uid);
/* The one of that pod; NULL: it has not dialed in. 'of' may be NULL. */
const struct launcher *launchers_find(const struct instance_launchers *of, const char *pod_uid);
size_t launchers_count(const struct launchers *l); /* connected ones */

#endif
