// What the gateway asks and tells: who runs in a pod, what launchers say, who leads.
#ifndef VMB_SINK_H
#define VMB_SINK_H

#include "api/kinds/launcher_msg.h"

/* All strings are borrowed until the call returns. */
struct gateway_sink {
    /* Which VMI does this pod run? From the pod cache, by namespace and name; the UID must be the same. False: unknown pod
     * (perhaps not in the cache yet: the launcher is told to try again). 'ret_vmi_uid' is valid until the loop runs on. */
    bool (*who)(void *arg, const char *namespace, const char *pod_name, const char *pod_uid, const char **ret_vmi_uid);
    /* Whether 'who' can know anybody yet: not before the cache is whole. */
    bool (*knows)(void *arg);
    /* One state message, decoded and as it came. Its vmi_uid has been checked. */
    void (*state)(void *arg, const char *vmi_uid, const char *pod_uid, const struct launcher_state *state,
                  const char *text, size_t len);
    void (*connected)(void *arg, const char *vmi_uid, const char *pod_uid); /* now gateway_send reaches it */
    void (*disconnected)(void *arg, const char *vmi_uid,
                         const char *pod_uid); /* not called when a new connection took over */
    /* NULL: this replica leads; else "address:port" of the one that does, "" when nobody is known to. */
    const char *(*redirect)(void *arg);
    void *arg;
};

#endif
