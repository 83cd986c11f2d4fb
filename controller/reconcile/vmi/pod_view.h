// What is read of a launcher pod. Pure.
#ifndef VMB_POD_VIEW_H
#define VMB_POD_VIEW_H

#include "api/kinds/launcher_msg.h"
#include "cache/store.h"
#include "reconcile/vmi/network_status.h"

struct pod_view {
    struct meta meta;
    bool going;  /* being deleted, or its deletion was answered */
    bool hidden; /* somebody took the label off that it is watched by */
    const char *node_name;
    const char *phase;  /* Pending Running Succeeded Failed */
    const char *reason; /* Evicted ... */
    const char *message;
    const char *ip;
    struct str_list ips;
    struct network_status_list networks; /* annotation */
    const char *qos_class;
    struct condition_list conditions; /* PodScheduled, Ready ... */
    bool is_ready;
    bool started;               /* the container runs */
    const char *waiting_reason; /* ErrImagePull, CreateContainerConfigError ... */
    const char *waiting_message;
    bool terminated;
    int64_t exit_code;
    const char *terminated_reason;     /* OOMKilled, Error */
    struct launcher_state *last_words; /* its termination message, when it is one of ours */
    const char *last_text;             /* else as it is: cut by the kubelet, or written by somebody else. Or NULL */
    const char *image;
    const char *gateway_pins; /* annotation */
    const char *gateway_ca;   /* annotation of pods of older versions */
};

/* What is text for people is fit to be shown (utf8_clean), whoever wrote it. Errors: ERR_INVALID when it cannot be decoded. */
MUST_CHECK struct err *pod_view_make(struct arena *a, const struct object *pod, struct pod_view *ret_view);

/* No container of it runs any more, nor can start. */
bool pod_is_over(const struct pod_view *p);

#endif
