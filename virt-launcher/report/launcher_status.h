// The launcher's word on its guest, for the gateway and for the container's termination message. Pure but for its memory.
#ifndef VMB_LAUNCHER_STATUS_H
#define VMB_LAUNCHER_STATUS_H

#include "api/kinds/launcher_msg.h"
#include "domain/domain_view.h"
#include "domain/parts/disk.h"
#include "domain/parts/nic_view.h"

enum { TERMINATION_MAX = 4096 };

/* All that is told. Strings are borrowed; NULL where nothing is known. */
struct status_facts {
    const char *vmi_uid;
    int64_t seq;
    enum domain_state state;
    const char *reason;
    const char *message;
    bool is_invalid;
    int64_t since_s; /* 0: unknown, as below */
    int64_t started_s;
    int64_t memory_bytes;
    const char *machine;
    const struct agent_state *agent;
    const struct domain_view *view;
    const bool *nic_is_down; /* of the view's cards, in their order */
    const struct disk_trouble *troubles;
    size_t n_troubles;
    const char *pod_ip;
    struct port_list open_ports;
};

/* The message's text. The caller frees. 'a' is for scratch. */
MUST_CHECK char *launcher_status_text(const struct status_facts *f, struct arena *a);

/* The same with so much left out that it fits a termination message. */
MUST_CHECK char *launcher_status_last_words(const struct status_facts *f, struct arena *a);

#endif
