// One file or device behind a disk: found, made, measured. No child processes here.
#ifndef VMB_DISK_FILE_H
#define VMB_DISK_FILE_H

#include "base/arena.h"
#include "base/err.h"

/* The disk in a mounted containerDisk: 'wish' (a path inside the image), or the one file under /disk. Links may not lead out of the
 * image. 'ret_path' is the arena's. Errors: ERR_INVALID saying what was found instead. */
MUST_CHECK struct err *disk_file_in_image(struct arena *a, const char *mount, const char *wish, char **ret_path);

/* "qcow2" when the file begins with its magic number, else "raw". For read-only images alone: a guest could write a magic number. */
MUST_CHECK struct err *disk_file_format(const char *path, const char **ret_format);

/* A sparse raw file of 'size' bytes, when there is none. */
MUST_CHECK struct err *disk_file_make(const char *path, int64_t size);
/* The same in a volume's file system 'dir', of disk_file_room bytes. 'capacity' is the claim's, 0: not known. What is there stays as it is.
 * Errors: ERR_INVALID when the claim is too small for any disk, ERR_RETRY when its file system is full. */
MUST_CHECK struct err *disk_file_fill(const char *path, const char *dir, int64_t capacity);
/* The same of 'size' bytes, all of which must be free in 'dir'. Errors: ERR_INVALID for no size, and where the file cannot be made;
 * ERR_RETRY when it does not fit. */
MUST_CHECK struct err *disk_file_create(const char *path, const char *dir, int64_t size);
/* Whether this process may read the file, and write it. Errors: ERR_INVALID saying what it may not, never through a symbolic link. */
MUST_CHECK struct err *disk_file_check_access(const char *path, bool is_readonly);
/* How large a disk can be: the smaller one of both (bytes; a capacity of 0 is not known), less what the file system's own book-keeping
 * takes, whole MiB. */
int64_t disk_file_room(int64_t free_bytes, int64_t capacity);

/* Size of a regular file (never through a symbolic link) or a block device, and whether all of it is allocated. */
MUST_CHECK struct err *disk_file_size(const char *path, bool is_block, int64_t *ret_size, bool *ret_preallocated);

/* The blocks of a device, or those of the file system under a file: the smallest that can be written, and the smallest that is written at
 * once. Bytes, powers of two. */
MUST_CHECK struct err *disk_file_block_size(const char *path, bool is_block, int64_t *ret_logical,
                                            int64_t *ret_physical);

/* True when there is room in the file system under 'path' for a guest to go on that found none. */
bool disk_file_has_room(const char *path);

/* True when the file can be opened and read around the page cache. */
bool disk_file_has_o_direct(const char *path, bool is_readonly);

/* What `qemu-img info --output=json` said of an image that only reads itself: its size as a guest sees it.
 * Errors: ERR_INVALID for one that names other files. */
MUST_CHECK struct err *disk_file_read_info(const char *json, int64_t *ret_size);

#endif
