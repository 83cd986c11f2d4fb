// A mounted folder as an image: read whole, within bounds, before the first byte is written.
#include "effect/iso_folder.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/err.h"
#include "effect/files.h"

enum { DEPTH_MAX = 8 };

struct content {
    struct iso_file files[ISO_FILES_MAX];
    size_t n;
    size_t bytes;
};

static struct err *folder_read(struct content *c, const char *folder, const char *prefix, int depth);

static void
content_freep(struct content **c)
{
    for (size_t i = 0; *c && i < (*c)->n; i++) {
        free((void *)(uintptr_t)(*c)->files[i].name);
        strbuf_fini((struct strbuf *)(uintptr_t)(*c)->files[i].content);
        free((void *)(uintptr_t)(*c)->files[i].content);
    }
    free(*c);
}

static struct err *
file_take(struct content *c, const char *path, char *name)
{
    struct strbuf *text = XNEW(struct strbuf);

    *text = STRBUF_INIT(ISO_CONTENT_MAX);
    c->files[c->n++] = (struct iso_file){.name = name, .content = text};
    struct err *e = file_read(path, text);
    c->bytes += text->len;
    if (!e && c->bytes > ISO_CONTENT_MAX) {
        e = err_new(ERR_INVALID, "its files are more than %d bytes together", ISO_CONTENT_MAX);
    }
    return e;
}

// NOLINTBEGIN(misc-no-recursion): DEPTH_MAX folders
/* What the kubelet mounts are links into "..data": they are followed. */
static struct err *
entry_take(struct content *c, const char *path, const char *prefix, const char *entry, int depth)
{
    AUTO(freep) char *name = xasprintf("%s%s%s", prefix, *prefix ? "/" : "", entry);
    struct stat st;

    if (stat(path, &st) != 0) {
        return err_errno(errno, "look at %s", path);
    }
    if (S_ISDIR(st.st_mode)) {
        return folder_read(c, path, name, depth + 1);
    }
    if (!S_ISREG(st.st_mode)) {
        return NULL;
    }
    return c->n == ISO_FILES_MAX ? err_new(ERR_INVALID, "it has more than %d files", ISO_FILES_MAX)
                                 : file_take(c, path, STEAL(name));
}

static struct err *
folder_read(struct content *c, const char *folder, const char *prefix, int depth)
{
    AUTO(closedirp) DIR *d = opendir(folder);
    struct err *e = d ? NULL : err_errno(errno, "open %s", folder);

    if (!e && depth > DEPTH_MAX) {
        return err_new(ERR_INVALID, "its folders are more than %d deep", DEPTH_MAX);
    }
    for (const struct dirent *entry = e ? NULL : readdir(d); entry && !e; entry = readdir(d)) {
        AUTO(freep) char *path = xasprintf("%s/%s", folder, entry->d_name);
        if (!str_starts(entry->d_name, "..") && !str_eq(entry->d_name, ".")) {
            e = entry_take(c, path, prefix, entry->d_name, depth);
        }
    }
    return e;
}

// NOLINTEND(misc-no-recursion)

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct iso_file *)a)->name, ((const struct iso_file *)b)->name);
}

struct err *
iso_folder_write(const char *path, const char *label, const char *folder)
{
    AUTO(content_freep) struct content *c = XNEW(struct content);
    struct err *e = folder_read(c, folder, "", 0);

    qsort(c->files, c->n, sizeof(c->files[0]), by_name); /* folders list their entries in no order */
    return e ? e : iso_image_write(path, label, c->files, c->n);
}
