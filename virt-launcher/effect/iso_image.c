// libarchive writes the image; the label and the end are set right afterwards.
#include "effect/iso_image.h"

#include <archive.h>
#include <archive_entry.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

/* One time for all entries: the image depends on its content alone, as far as libarchive lets it. */
enum { ENTRY_TIME_S = 1577836800, ALIGN_BYTES = 4096, LABEL_OFFSET = 16 * 2048 + 40 };

/* Padded as other makers of such images do: simple guests read the label with 69,632 bytes at once, and miss it on a shorter disk. */
#define ISO_OPTIONS "iso9660:joliet=long,iso9660:rockridge=useful"

static void
archive_freep(struct archive **a)
{
    (void)archive_write_free(*a); /* errors were seen at close */
}

static void
entry_freep(struct archive_entry **e)
{
    archive_entry_free(*e);
}

static struct err *
label_check(const char *label)
{
    size_t len = strlen(label);

    for (size_t i = 0; i < len; i++) {
        if (!isprint((unsigned char)label[i])) {
            return err_new(ERR_INVALID, "volumeLabel: only printable signs of ASCII can be in a label");
        }
    }
    return len > ISO_LABEL_MAX ? err_new(ERR_INVALID, "volumeLabel: at most %d signs", ISO_LABEL_MAX) : NULL;
}

static struct err *
archive_open(struct archive *a, const char *path, const char *label)
{
    if (archive_write_set_format_iso9660(a) != ARCHIVE_OK || archive_write_set_options(a, ISO_OPTIONS) != ARCHIVE_OK ||
        archive_write_set_format_option(a, "iso9660", "volume-id", label) != ARCHIVE_OK ||
        archive_write_open_filename(a, path) != ARCHIVE_OK) {
        return err_new(ERR_RETRY, "open %s: %s", path, archive_error_string(a));
    }
    return NULL;
}

static struct err *
entry_write(struct archive *a, const struct iso_file *f)
{
    AUTO(entry_freep) struct archive_entry *entry = archive_entry_new();

    BUG_ON(!entry);
    archive_entry_set_pathname(entry, f->name);
    archive_entry_set_size(entry, (la_int64_t)f->content->len);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0444);
    archive_entry_set_mtime(entry, ENTRY_TIME_S, 0);
    archive_entry_set_birthtime(entry, ENTRY_TIME_S, 0);
    archive_entry_set_ctime(entry, ENTRY_TIME_S, 0);
    archive_entry_set_atime(entry, ENTRY_TIME_S, 0);
    if (archive_write_header(a, entry) != ARCHIVE_OK ||
        (f->content->len > 0 && archive_write_data(a, f->content->buf, f->content->len) != (la_ssize_t)f->content->len)) {
        return err_new(ERR_RETRY, "write %s: %s", f->name, archive_error_string(a));
    }
    return NULL;
}

/* libarchive makes capitals of a label, and "_" of what ISO 9660 has no letter for; guests look for it as it is. QEMU refuses a disk that
 * ends within a block of the file system's direct I/O (4,096 bytes on some disks, and on tmpfs). */
static struct err *
image_finish(const char *path, const char *label)
{
    AUTO(closep) int fd = open(path, O_RDWR | O_CLOEXEC);
    char padded[ISO_LABEL_MAX + 1];
    struct stat st;

    (void)snprintf(padded, sizeof(padded), "%-*s", ISO_LABEL_MAX, label);
    if (fd < 0 || pwrite(fd, padded, ISO_LABEL_MAX, LABEL_OFFSET) != ISO_LABEL_MAX || fstat(fd, &st) != 0 ||
        ftruncate(fd, (st.st_size + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES) != 0) {
        return err_errno(errno, "finish %s", path);
    }
    return NULL;
}

struct err *
iso_image_write(const char *path, const char *label, const struct iso_file *files, size_t n_files)
{
    AUTO(freep) char *other = xasprintf("%s.new", path);
    AUTO(archive_freep) struct archive *a = archive_write_new();
    struct err *e = label_check(label);

    BUG_ON(!a);
    if (!e) {
        e = archive_open(a, other, label);
    }
    for (size_t i = 0; !e && i < n_files; i++) {
        e = entry_write(a, &files[i]);
    }
    if (!e && archive_write_close(a) != ARCHIVE_OK) {
        e = err_new(ERR_RETRY, "write %s: %s", other, archive_error_string(a));
    }
    if (!e) {
        e = image_finish(other, label);
    }
    if (!e && rename(other, path) != 0) {
        e = err_new(ERR_RETRY, "rename %s", other);
    }
    return e;
}
