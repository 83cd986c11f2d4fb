// Public keys out of a mounted Secret: each line of each of its files is one.
#ifndef VMB_SSH_KEYS_H
#define VMB_SSH_KEYS_H

#include "base/arena.h"
#include "base/err.h"

enum { SSH_KEYS_MAX = 512, SSH_KEYS_BYTES_MAX = 256 * 1024 };

struct ssh_keys {
    const char *items[SSH_KEYS_MAX];
    size_t n;
};

/* Adds the keys of a folder; empty lines and those that begin with '#' are none. Texts are the arena's.
 * Errors: ERR_INVALID when there are too many, or too long ones; ERR_RETRY. Texts never quote a key. */
MUST_CHECK struct err *ssh_keys_read(const char *folder, struct arena *a, struct ssh_keys *keys);

#endif
