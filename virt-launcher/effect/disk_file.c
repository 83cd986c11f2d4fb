// System calls on files that guests and image makers wrote: nothing is followed, nothing is believed.
#include "effect/disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/json.h"
#include "effect/files.h"

enum { PROBE_BYTES = 4096, ROUND_BYTES = 1024 * 1024, FS_OVERHEAD_PERMILLE = 55, ROOM_BYTES = 64 * 1024 * 1024 };
enum { BLOCK_BYTES_MIN = 512, BLOCK_BYTES_MAX = 2097152 };

static struct err *
only_file(const char *dir, struct arena *a, char **ret_path)
{
    AUTO(closedirp) DIR *d = opendir(dir);
    char *found = NULL;

    if (!d) {
        return err_new(ERR_INVALID, "the image has no folder /disk: put the disk there, or set path");
    }
    for (const struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (found) {
            return err_new(ERR_INVALID, "the image has more than one file under /disk: set path");
        }
        found = arena_printf(a, "%s/%s", dir, entry->d_name);
    }
    if (!found) {
        return err_new(ERR_INVALID, "the image has no file under /disk");
    }
    *ret_path = found;
    return NULL;
}

struct err *
disk_file_in_image(struct arena *a, const char *mount, const char *wish, char **ret_path)
{
    char *path = arena_printf(a, "%s/%s", mount, str_empty(wish) ? "disk" : wish);
    struct err *e = str_empty(wish) ? only_file(path, a, &path) : NULL;
    AUTO(freep) char *root = realpath(mount, NULL);
    AUTO(freep) char *real = e ? NULL : realpath(path, NULL);
    struct stat st;

    if (e) {
        return e;
    }
    if (!root || !real || stat(real, &st) != 0) {
        return err_new(ERR_INVALID, "the image has no file %s", str_empty(wish) ? "under /disk" : wish);
    }
    size_t len = strlen(root);
    if (strncmp(real, root, len) != 0 || real[len] != '/') {
        return err_new(ERR_INVALID, "the file of the image is a link that leads out of it");
    }
    if (!S_ISREG(st.st_mode)) {
        return err_new(ERR_INVALID, "the file of the image is no regular file");
    }
    *ret_path = arena_strdup(a, real);
    return NULL;
}

struct err *
disk_file_format(const char *path, const char **ret_format)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char magic[4] = {0};

    if (fd < 0) {
        return err_new(ERR_INVALID, "the disk of the image cannot be read by user %u: %s", (unsigned)getuid(),
                       strerrordesc_np(errno));
    }
    if (pread(fd, magic, sizeof(magic), 0) < 0) {
        return err_errno(errno, "read %s", path);
    }
    *ret_format = memcmp(magic, "QFI\xfb", 4) == 0 ? "qcow2" : "raw";
    return NULL;
}

struct err *
disk_file_make(const char *path, int64_t size)
{
    AUTO(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660);

    if (fd < 0 && errno == EEXIST) {
        return NULL;
    }
    if (fd < 0) {
        return err_errno(errno, "make %s", path);
    }
    if (ftruncate(fd, size) != 0) {
        struct err *e = err_errno(errno, "make %s of %lld bytes", path, (long long)size);
        (void)unlink(path); /* a short one would be taken for the disk next time */
        return e;
    }
    return NULL;
}

int64_t
disk_file_room(int64_t free_bytes, int64_t capacity)
{
    int64_t most = capacity > 0 && capacity < free_bytes ? capacity : free_bytes;

    if (most <= 0) {
        return 0;
    }
    /* the remainder for itself: a product of the whole would not fit for the largest ones */
    int64_t net = most / 1000 * (1000 - FS_OVERHEAD_PERMILLE) + most % 1000 * (1000 - FS_OVERHEAD_PERMILLE) / 1000;
    return net / ROUND_BYTES * ROUND_BYTES;
}

static int64_t
free_bytes_of(const struct statvfs *fs)
{
    int64_t bytes;

    return __builtin_mul_overflow(fs->f_bavail, fs->f_frsize, &bytes) ? INT64_MAX : bytes;
}

/* Storage that shares a file system with others (a folder of the node's) has more free than the claim may take. */
struct err *
disk_file_fill(const char *path, const char *dir, int64_t capacity)
{
    struct statvfs fs;

    if (access(path, F_OK) == 0) {
        return NULL;
    }
    if (statvfs(dir, &fs) != 0) {
        return err_errno(errno, "measure %s", dir);
    }
    int64_t size = disk_file_room(free_bytes_of(&fs), capacity);
    if (size <= 0 && capacity > 0 && disk_file_room(capacity, 0) <= 0) {
        return err_new(ERR_INVALID, "the claim has %lld bytes: too few for a disk.img, which takes 2 MiB at least",
                       (long long)capacity);
    }
    if (size <= 0) {
        return err_new(ERR_RETRY, "the claim's file system is full: there is no disk.img and no room for one");
    }
    return disk_file_make(path, size);
}

struct err *
disk_file_create(const char *path, const char *dir, int64_t size)
{
    struct statvfs fs;

    if (access(path, F_OK) == 0) {
        return NULL;
    }
    if (size <= 0) {
        return err_new(ERR_INVALID, "it does not exist, and no capacity says how large it is to be");
    }
    if (statvfs(dir, &fs) != 0) {
        return err_errno(errno, "measure %s", dir);
    }
    if (size > free_bytes_of(&fs)) {
        return err_new(ERR_RETRY, "its folder has no room for a disk of %lld bytes", (long long)size);
    }
    if (access(dir, W_OK) != 0) {
        return err_new(ERR_INVALID, "user %u cannot make a file in its folder", (unsigned)getuid());
    }
    return disk_file_make(path, size);
}

struct err *
disk_file_check_access(const char *path, bool is_readonly)
{
    AUTO(closep) int fd = open(path, (is_readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0) {
        return errno == ELOOP ? err_new(ERR_INVALID, "it is a symbolic link")
                              : err_new(ERR_INVALID, "user %u cannot %s it: %s", (unsigned)getuid(),
                                        is_readonly ? "read" : "write", strerrordesc_np(errno));
    }
    return NULL;
}

struct err *
disk_file_size(const char *path, bool is_block, int64_t *ret_size, bool *ret_preallocated)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    uint64_t bytes = 0;

    if (fd < 0 || fstat(fd, &st) != 0) {
        return errno == ELOOP ? err_new(ERR_INVALID, "%s is a symbolic link", path) : err_errno(errno, "open %s", path);
    }
    if (is_block) {
        if (!S_ISBLK(st.st_mode) || ioctl(fd, BLKGETSIZE64, &bytes) != 0) {
            return err_new(ERR_RETRY, "%s is no block device", path);
        }
        *ret_size = (int64_t)bytes;
        *ret_preallocated = true;
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        return err_new(ERR_INVALID, "%s is no regular file", path);
    }
    *ret_size = st.st_size;
    *ret_preallocated = st.st_size > 0 && st.st_blocks >= st.st_size / 512;
    return NULL;
}

/* A file system's block may be as large as what a server takes at once, which is no size to write in; pages always are. */
static struct err *
file_block_size(int fd, int64_t *ret_logical, int64_t *ret_physical)
{
    struct statvfs fs;

    if (fstatvfs(fd, &fs) != 0) {
        return err_errno(errno, "look at the file system");
    }
    int64_t bytes = BLOCK_BYTES_MIN;
    while (bytes < BLOCK_BYTES_MAX && (unsigned long)bytes < fs.f_bsize) {
        bytes *= 2;
    }
    *ret_physical = bytes;
    *ret_logical = bytes < PROBE_BYTES ? bytes : PROBE_BYTES;
    return NULL;
}

struct err *
disk_file_block_size(const char *path, bool is_block, int64_t *ret_logical, int64_t *ret_physical)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    unsigned physical;
    int logical;

    if (fd < 0) {
        return err_errno(errno, "open %s", path);
    }
    if (!is_block) {
        return file_block_size(fd, ret_logical, ret_physical);
    }
    if (ioctl(fd, BLKSSZGET, &logical) != 0 || ioctl(fd, BLKPBSZGET, &physical) != 0) {
        return err_errno(errno, "ask %s for its block size", path);
    }
    *ret_logical = logical;
    *ret_physical = physical;
    return NULL;
}

bool
disk_file_has_room(const char *path)
{
    struct statvfs fs;

    return statvfs(path, &fs) == 0 && fs.f_bavail >= ROOM_BYTES / (fs.f_frsize ? fs.f_frsize : 1);
}

bool
disk_file_has_o_direct(const char *path, bool is_readonly)
{
    AUTO(closep) int fd = open(path, (is_readonly ? O_RDONLY : O_RDWR) | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
    AUTO(freep) void *block = NULL;

    if (fd < 0 || posix_memalign(&block, PROBE_BYTES, PROBE_BYTES) != 0) {
        return false;
    }
    return pread(fd, block, PROBE_BYTES, 0) >= 0;
}

struct err *
disk_file_read_info(const char *text, int64_t *ret_size)
{
    AUTO(json_freep) json_t *j = NULL;
    struct err *e = json_parse(text, strlen(text), 64 * 1024, &j);

    if (e) {
        return err_wrap(e, "the description of the image");
    }
    if (json_str(j, "backing-filename") || json_str(j, "full-backing-filename")) {
        return err_new(ERR_INVALID, "the image rests on another file: flatten it with qemu-img convert");
    }
    if (json_at(j, "format-specific", "data", "data-file", NULL)) {
        return err_new(ERR_INVALID, "the image keeps its data in another file: flatten it with qemu-img convert");
    }
    *ret_size = json_int(j, "virtual-size", 0);
    return *ret_size > 0 ? NULL : err_new(ERR_INVALID, "the image is empty");
}
