// Keeps the ports that passt lets in as wished while the guest runs: by pesto, checked against what the kernel listens on.
#ifndef VMB_PASST_PORTS_H
#define VMB_PASST_PORTS_H

#include <uv.h>

#include "base/log.h"
#include "domain/port_set.h"

enum { PASST_CHECK_MS = 10000, PASST_SETTLE_MS = 200 };

struct passt_ports {
    uv_loop_t *loop;
    const struct log *log;
    const char *socket;
    uv_timer_t timer;
    bool is_active; /* the guest runs */
    bool is_asking; /* a pesto is on its way */
    bool is_behind; /* the wish, or passt's table, changed since passt was asked */
    bool is_untold; /* something changed since 'changed' was called */
    bool may_close; /* false: what passt has open at the first look becomes part of the wish */
    struct port_set wish;
    struct port_set table;      /* what passt says it has */
    struct port_set open;       /* in the table, and listened on */
    struct port_set shut;       /* wished, and not open */
    int why;                    /* errno of one that is shut, 0: unknown */
    void (*changed)(void *arg); /* 'open' or 'shut' changed */
    void *arg;
};

/* 'socket' (passt's --conf-path) is borrowed. */
void passt_ports_init(struct passt_ports *p, uv_loop_t *loop, const char *socket, const struct log *log);
/* The guest runs, with 'wish' as its whole set; may be called again with another set. */
void passt_ports_set(struct passt_ports *p, const struct port_set *wish);
void passt_ports_stop(struct passt_ports *p);

/* "port tcp 22 cannot be opened: Permission denied", or NULL when all are open. The caller frees. */
char *passt_ports_complaint(const struct passt_ports *p);

#endif
