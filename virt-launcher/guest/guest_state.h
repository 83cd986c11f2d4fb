// All that is known of the one guest. The files of this folder share it; which of them calls which: virt-launcher/README.md.
#ifndef VMB_GUEST_STATE_H
#define VMB_GUEST_STATE_H

#include "guest/guest_options.h"

#include "base/backoff.h"
#include "domain/domain_plan.h"
#include "domain/domain_view.h"
#include "domain/parts/disk.h"
#include "domain/parts/nic_view.h"
#include "effect/disks.h"
#include "effect/hypervisor.h"
#include "effect/libvirt_daemon.h"
#include "effect/passt_ports.h"
#include "effect/pod_network.h"
#include "exit_code.h"
#include "observe/console_tail.h"
#include "report/gateway_client.h"
#include "streams/streams.h"

enum {
    GUEST_ARENA_BYTES = 1024 * 1024,
    GUEST_TELL_MS = 100, /* at most one message in this time */
    GUEST_AGENT_MS = 10000,
    GUEST_LOGS_MS = 10000,
    GUEST_LOG_MAX = 4 * 1024 * 1024, /* of QEMU and of libvirtd, both of which a guest can make talk */
    GUEST_CONNECT_MS = 10,           /* first delay between tries to reach libvirtd */
    GUEST_CONNECT_MAX_MS = 1000,
    GUEST_FLUSH_MS = 1000, /* for the last word to reach the gateway, and the console's end its reader */
    GUEST_FLUSH_EVERY_MS = 5,
};

struct guest {
    uv_loop_t *loop;
    struct guest_options options;
    struct log log;
    struct arena *arena; /* as long as the process */
    struct paths paths;
    struct instance instance;
    struct domain_view view;
    bool has_view;
    char *xml;
    struct pod_network network;

    struct libvirt_daemon daemon;
    struct hypervisor hypervisor;
    struct passt_ports ports;
    struct console_tail console;
    struct gateway_client *gateway;
    struct streams *streams;
    struct answers *answers; /* to requests of the gateway */
    struct backoff connect_backoff;
    uv_timer_t step_timer;
    uv_timer_t connect_timer;
    uv_timer_t agent_timer;
    uv_timer_t tell_timer;
    uv_timer_t logs_timer;
    uv_timer_t thaw_timer; /* runs while file systems are frozen that are to thaw by themselves */

    /* what is known */
    bool is_known;
    bool is_prepared;
    bool was_started;
    bool is_heir;        /* a manager before this one started the guest */
    bool is_up;          /* QEMU was seen */
    struct err *failure; /* why it never ran */
    struct domain_seen seen;
    bool is_destroyed_by_us;
    const char *watchdog; /* what it last did, static; NULL: nothing that this manager saw */
    int64_t stop_ms;
    int64_t asked_ms;
    int64_t resumed_ms;
    int64_t since_s;
    int64_t started_s;
    const char *end_reason; /* static; set when it is over */
    struct arena *agent_arena;
    const struct agent_state *agent; /* agent_arena's; NULL: not connected */
    const char *agent_version;
    bool is_agent_busy;
    int64_t verb_number; /* of the request that is carried out; 0: none is */
    enum hypervisor_call verb_call;
    int64_t thaw_s;
    struct port_set wish;              /* ports: of the instance, until the gateway says otherwise */
    bool is_wish_said;                 /* by the gateway, to this manager */
    char *complaint;                   /* about ports */
    struct arena *devices_arena;       /* of the wish; NULL: none was said */
    struct device_wish devices;        /* the gateway's */
    bool is_devices_due;               /* it may not be so yet */
    int64_t switched_ms;               /* when that failed last; 0: not since it was said */
    bool nic_wish[DOMAIN_NICS_MAX];    /* of the call on its way: its link is to be down */
    bool nic_is_down[DOMAIN_NICS_MAX]; /* as it is; in the order of the view */
    char *qemu_words;                  /* what QEMU said of its unexpected end, or NULL */

    /* what was told */
    char *told; /* last text, with number 0 */
    int64_t seq;
    int64_t told_ms;
    bool is_over;
    enum exit_code code;
};

#endif
