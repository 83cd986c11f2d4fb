// What the guest prints on its serial port, on our stdout: QEMU writes it to a file, whoever is there to read, so nothing is lost while
// the manager is away. What is on stdout is given back to the disk (holes), so the file stays small however long the guest runs.
// The guest's text is made fit for a log that we share with it (domain/console_text.h).
#ifndef VMB_CONSOLE_TAIL_H
#define VMB_CONSOLE_TAIL_H

#include <uv.h>

#include "base/err.h"

enum {
    CONSOLE_SETTLE_MS = 50,       /* bytes are gathered this long */
    CONSOLE_READER_MS = 5,        /* for the reader of stdout to take what is there */
    CONSOLE_RETRY_MS = 500,       /* while it takes nothing */
    CONSOLE_UNFINISHED_MS = 1000, /* a line without an end (a prompt) is shown when nothing has come for so long */
    CONSOLE_BACKLOG_MAX = 4 * 1024 * 1024, /* more than that is skipped: nobody reads stdout */
    CONSOLE_HOLE_BYTES = 64 * 1024,        /* given back in pieces of at least this size */
};

struct console_tail {
    uv_fs_event_t watch;
    uv_timer_t timer;
    const char *path;
    const char *mark_path;
    int fd;
    int mark_fd;
    int out_fd;
    int64_t done;  /* bytes that are on stdout */
    int64_t freed; /* bytes that the disk has back */
    int64_t skipped;
    int64_t unfinished; /* length of the file when a line without an end was seen last; 0: none waits */
};

/* Follows the file at 'path' from where the mark says; both are made when they do not exist. Strings are borrowed.
 * Errors: ERR_RETRY. Loop thread. */
MUST_CHECK struct err *console_tail_start(struct console_tail *t, uv_loop_t *loop, const char *path,
                                          const char *mark_path, int out_fd);

/* The guest has ended: writes what is there, a line without an end too, as far as stdout takes it. False when there is more. */
bool console_tail_flush(struct console_tail *t);

#endif
