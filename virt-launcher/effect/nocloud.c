// Gathers the three files, then lets libarchive write the image.
#include "effect/nocloud.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "effect/files.h"

/* One time for all entries: the image depends on its content alone, as far as libarchive lets it. */
enum { ENTRY_TIME_S = 1577836800, ALIGN_BYTES = 4096 };

/* Padded as other makers of such images do: simple guests read the label with 69,632 bytes at once, and miss it on a shorter disk. */
#define ISO_OPTIONS "iso9660:volume-id=cidata,iso9660:joliet=long,iso9660:rockridge=useful"

struct part {
    const char *field; /* for errors */
    const char *text;
    const char *base64;
    const struct local_ref *secret;
    const char *secret_part; /* folder of the mounted secret */
    const char *const *keys; /* in the secret, first that exists */
};

static struct err *part_read(const struct part *p, const char *dir, struct strbuf *out);
static struct err *image_write(const char *path, const struct strbuf *meta, const struct strbuf *user,
                               const struct strbuf *network);

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

static bool
meta_data(const struct instance *i, struct strbuf *out)
{
    const char *hostname = str_empty(i->hostname) ? i->name : i->hostname;
    AUTO(freep) char *id = xasprintf("%s.%s", i->name, i->namespace);
    AUTO(json_freep) json_t *j = json_pack("{s:s, s:s}", "instance-id", id, "local-hostname", hostname);

    return j && json_write(j, out);
}

struct err *
nocloud_write(const struct instance *i, const struct volume *vol, const char *secrets_dir, const char *path)
{
    static const char *const user_keys[] = {"userdata", "user-data", NULL};
    static const char *const network_keys[] = {"networkdata", "network-data", NULL};
    const struct volume_cloud_init *c = vol->cloud_init_no_cloud;
    const struct part user = {"userData", c->user_data, c->user_data_base64, c->secret_ref, "user", user_keys};
    const struct part network = {"networkData", c->network_data, c->network_data_base64, c->network_data_secret_ref,
                                 "network",     network_keys};
    AUTO(freep) char *dir = xasprintf("%s/%s", secrets_dir, vol->name);
    AUTO(strbuf_fini) struct strbuf meta_text = STRBUF_INIT(NOCLOUD_PART_MAX);
    AUTO(strbuf_fini) struct strbuf user_text = STRBUF_INIT(NOCLOUD_PART_MAX);
    AUTO(strbuf_fini) struct strbuf network_text = STRBUF_INIT(NOCLOUD_PART_MAX);

    struct err *e = meta_data(i, &meta_text) ? NULL : err_new(ERR_INVALID, "the host name cannot be told to cloud-init");
    if (!e) {
        e = part_read(&user, dir, &user_text);
    }
    if (!e) {
        e = part_read(&network, dir, &network_text);
    }
    if (!e) {
        e = image_write(path, &meta_text, &user_text, &network_text);
    }
    return err_wrap(e, "spec.volumes[%s].cloudInitNoCloud", vol->name);
}

static struct err *
part_read_secret(const struct part *p, const char *dir, struct strbuf *out)
{
    for (const char *const *key = p->keys; *key; key++) {
        AUTO(freep) char *path = xasprintf("%s/%s/%s", dir, p->secret_part, *key);
        if (file_exists(path)) {
            return err_wrap(file_read(path, out), "%s", p->field);
        }
    }
    return err_new(ERR_INVALID, "secret %s has no key %s or %s", p->secret->name, p->keys[0], p->keys[1]);
}

static struct err *
part_read(const struct part *p, const char *dir, struct strbuf *out)
{
    if (p->secret) {
        return part_read_secret(p, dir, out);
    }
    if (!str_empty(p->base64)) {
        return err_wrap(nocloud_base64(p->base64, out), "%sBase64", p->field);
    }
    if (p->text && !strbuf_adds(out, p->text)) {
        return err_new(ERR_INVALID, "%s: longer than %d bytes", p->field, NOCLOUD_PART_MAX);
    }
    return NULL;
}

static int
base64_value(char c)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;

    return at ? (int)(at - letters) : -1;
}

struct err *
nocloud_base64(const char *text, struct strbuf *out)
{
    static const char blanks[] = " \t\r\n";
    uint32_t bits = 0;
    unsigned n_bits = 0;

    for (; *text && *text != '='; text++) {
        int value = base64_value(*text);
        if (value < 0 && !strchr(blanks, *text)) {
            return err_new(ERR_INVALID, "is no base64");
        }
        if (value < 0) {
            continue;
        }
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            if (!strbuf_addc(out, (char)(bits >> n_bits & 0xff))) {
                return err_new(ERR_INVALID, "longer than %d bytes", NOCLOUD_PART_MAX);
            }
        }
    }
    text += strspn(text, "= \t\r\n");
    return *text || n_bits == 6 ? err_new(ERR_INVALID, "is no base64") : NULL;
}

static struct err *
entry_write(struct archive *a, const char *name, const struct strbuf *text)
{
    AUTO(entry_freep) struct archive_entry *entry = archive_entry_new();

    BUG_ON(!entry);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)text->len);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0444);
    archive_entry_set_mtime(entry, ENTRY_TIME_S, 0);
    archive_entry_set_birthtime(entry, ENTRY_TIME_S, 0);
    archive_entry_set_ctime(entry, ENTRY_TIME_S, 0);
    archive_entry_set_atime(entry, ENTRY_TIME_S, 0);
    if (archive_write_header(a, entry) != ARCHIVE_OK ||
        (text->len > 0 && archive_write_data(a, text->buf, text->len) != (la_ssize_t)text->len)) {
        return err_new(ERR_RETRY, "write %s: %s", name, archive_error_string(a));
    }
    return NULL;
}

/* cloud-init takes a missing network-config for "as you like"; an empty one would be an error. */
static struct err *
entries_write(struct archive *a, const struct strbuf *meta, const struct strbuf *user, const struct strbuf *network)
{
    struct err *e = entry_write(a, "meta-data", meta);

    if (!e) {
        e = entry_write(a, "user-data", user);
    }
    if (!e && network->len > 0) {
        e = entry_write(a, "network-config", network);
    }
    return e;
}

/* QEMU refuses a disk that ends within a block of the file system's direct I/O (4,096 bytes on some disks, and on tmpfs). */
static struct err *
image_align(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0 || truncate(path, (st.st_size + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES) != 0) {
        return err_errno(errno, "align %s", path);
    }
    return NULL;
}

static struct err *
image_write(const char *path, const struct strbuf *meta, const struct strbuf *user, const struct strbuf *network)
{
    AUTO(freep) char *other = xasprintf("%s.new", path);
    AUTO(archive_freep) struct archive *a = archive_write_new();

    BUG_ON(!a);
    if (archive_write_set_format_iso9660(a) != ARCHIVE_OK || archive_write_set_options(a, ISO_OPTIONS) != ARCHIVE_OK ||
        archive_write_open_filename(a, other) != ARCHIVE_OK) {
        return err_new(ERR_RETRY, "open %s: %s", other, archive_error_string(a));
    }
    struct err *e = entries_write(a, meta, user, network);
    if (!e && archive_write_close(a) != ARCHIVE_OK) {
        e = err_new(ERR_RETRY, "write %s: %s", other, archive_error_string(a));
    }
    if (!e) {
        e = image_align(other);
    }
    if (!e && rename(other, path) != 0) {
        e = err_new(ERR_RETRY, "rename %s", other);
    }
    return e;
}
