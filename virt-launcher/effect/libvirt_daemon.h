// libvirtd beside us: its environment and configuration, QEMU's baked capabilities, starting it and starting it again.
#ifndef VMB_LIBVIRT_DAEMON_H
#define VMB_LIBVIRT_DAEMON_H

#include <uv.h>

#include "base/backoff.h"
#include "base/log.h"
#include "domain/paths.h"

struct libvirt_daemon {
    uv_loop_t *loop;
    const struct paths *paths;
    const struct log *log;
    uv_process_t process; /* ours, unless a manager before us started the one that runs */
    bool is_running;      /* 'process' is alive */
    int64_t started_ms;
};

/* Sets what libvirt's library and daemon read from the environment; before any thread exists. */
MUST_CHECK struct err *libvirt_daemon_environment(const struct paths *p);

/* Folders, libvirtd.conf and qemu.conf, once in a pod's life. Each pod is a host of its own, with a UUID of chance: migration refuses
 * "the same host". */
MUST_CHECK struct err *libvirt_daemon_configure(const struct paths *p);

/* Copies the image's answers about QEMU into libvirt's cache with the times of this node's files, without which libvirt would ask
 * QEMU again. A cache that cannot be written costs time only: failures are dropped. */
void libvirt_daemon_bake_cache(const struct paths *p);

void libvirt_daemon_init(struct libvirt_daemon *d, uv_loop_t *loop, const struct paths *p, const struct log *log);
/* Starts libvirtd unless ours runs; never more often than once a second. A second one beside a foreign one ends by itself on the lock of
 * its PID file. */
void libvirt_daemon_start(struct libvirt_daemon *d, int64_t now_ms);
/* Asks ours to end. */
void libvirt_daemon_stop(struct libvirt_daemon *d);

#endif
