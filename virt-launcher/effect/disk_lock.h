// Whether another QEMU has a disk. A pod that was deleted by force is gone from the API while its guest still shuts down on the node.
#ifndef VMB_DISK_LOCK_H
#define VMB_DISK_LOCK_H

#include <stdbool.h>

/* True when a process holds one of the locks that QEMU takes on an image it opens (block/file-posix.c: bytes 100 to 299), on this node
 * or, by NFS, on another. A device shows no such locks. False when the file is not there, or cannot be opened. */
bool disk_is_locked(const char *path);

#endif
