// What the launchers last said, by UID of their instance: observed state beside the API objects. Does no I/O.
#ifndef VMB_LAUNCHERS_H
#define VMB_LAUNCHERS_H

#include "cache/packed.h"

/* Borrowed until the next change of the same launcher. */
struct launcher {
    const char *vmi_uid;
    const char *key; /* "namespace/name" of the instance */
    const char *pod_uid;
    const char *made_uid;       /* of the pod that was made for it while we led, or NULL */
    const struct packed *state; /* the last state message, a JSON text, or NULL */
    const char *desired;        /* JSON text last sent down over this connection, or NULL */
    const char *warnings; /* what events said of its pod when they were last read (reconcile/vmi/pod_warnings.h), or NULL */
    int64_t warned_s;     /* when that was */
    bool connected;
    uint64_t version; /* another one after each change of what a sync reads, but launchers_sent */
};

struct launchers;

MUST_CHECK struct launchers *launchers_new(void);
void launchers_free(struct launchers *l);

/* Makes the entry of an instance, or only keeps it: who dials in is known by its key from now on. */
void launchers_name(struct launchers *l, const char *vmi_uid, const char *key);
/* The create of its pod was answered with that UID; NULL forgets it. */
void launchers_made(struct launchers *l, const char *vmi_uid, const char *made_uid);
/* Only of named instances; a new pod's launcher takes the place of the old one's, with nothing said yet. */
void launchers_connected(struct launchers *l, const char *vmi_uid, const char *pod_uid);
/* Nothing when another pod's launcher has taken the place. */
void launchers_disconnected(struct launchers *l, const char *vmi_uid, const char *pod_uid);
/* Keeps a state message of the connected launcher; true when it differs from the last. */
bool launchers_state(struct launchers *l, const char *vmi_uid, const char *pod_uid, const char *text, size_t len);
void launchers_sent(struct launchers *l, const char *vmi_uid, const char *text);
/* Its pod's events were read. True: they say something else than before. NULL: they could not be read, and what they said stays. */
bool launchers_warned(struct launchers *l, const char *vmi_uid, const char *warnings, int64_t now_s);
void launchers_remove(struct launchers *l, const char *vmi_uid);
/* All connections are gone: leadership was lost. */
void launchers_clear(struct launchers *l);

const struct launcher *launchers_get(const struct launchers *l, const char *vmi_uid);
size_t launchers_count(const struct launchers *l); /* connected ones */

#endif
