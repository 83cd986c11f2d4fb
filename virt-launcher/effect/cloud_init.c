// Gathers what cloud-init is told, and lays it out in one of the two ways.
#include "effect/cloud_init.h"

#include "effect/files.h"
#include "effect/iso_image.h"
#include "effect/ssh_keys.h"

enum { KEYS_ARENA_BYTES = 1024 * 1024 };

struct part {
    const char *field; /* for errors */
    const char *text;
    const char *base64;
    const struct local_ref *secret;
    const char *secret_part; /* folder of the mounted secret */
    const char *const *keys; /* in the secret, first that exists */
};

/* A way to lay it out. */
struct layout {
    const char *source; /* key of the volume, for errors */
    const char *label;
    const char *meta;
    const char *user;
    const char *network;
    const char *keys; /* of the meta data */
    json_t *(*meta_data)(const struct instance *i);
};

struct texts {
    struct strbuf meta;
    struct strbuf user;
    struct strbuf network;
};

static struct err *part_read(const struct part *p, const char *dir, struct strbuf *out);
static struct err *texts_write(const struct layout *l, const struct texts *t, const char *path);

static void
texts_fini(struct texts *t)
{
    strbuf_fini(&t->meta);
    strbuf_fini(&t->user);
    strbuf_fini(&t->network);
}

static const char *
hostname_of(const struct instance *i)
{
    return str_empty(i->hostname) ? i->name : i->hostname;
}

static json_t *
nocloud_meta(const struct instance *i)
{
    AUTO(freep) char *id = xasprintf("%s.%s", i->name, i->namespace);

    return json_pack("{s:s, s:s}", "instance-id", id, "local-hostname", hostname_of(i));
}

/* cloud-init takes a machine for another one when the uuid changes: it is the one that the firmware tells. */
static json_t *
config_drive_meta(const struct instance *i)
{
    AUTO(freep) char *id = xasprintf("%s.%s", i->name, i->namespace);

    return json_pack("{s:s, s:s, s:s, s:s}", "instance_id", id, "uuid", str_empty(i->system_uuid) ? id : i->system_uuid,
                     "hostname", hostname_of(i), "local_hostname", hostname_of(i));
}

static const struct layout nocloud = {"cloudInitNoCloud", "cidata",      "meta-data", "user-data",
                                      "network-config",   "public-keys", nocloud_meta};
static const struct layout config_drive = {"cloudInitConfigDrive",
                                           "config-2",
                                           "openstack/latest/meta_data.json",
                                           "openstack/latest/user_data",
                                           "openstack/latest/network_data.json",
                                           "public_keys",
                                           config_drive_meta};

/* Of all credentials that this disk is to bring, by number, as both formats want it. */
static struct err *
meta_add_keys(json_t *meta, const struct instance *i, const struct layout *l, const char *dir)
{
    const struct access_credential_list *list = &i->spec.access_credentials;
    AUTO(arena_freep) struct arena *a = arena_new(KEYS_ARENA_BYTES);
    struct ssh_keys *keys = ARENA_NEW(a, struct ssh_keys);
    json_t *object = json_object();
    struct err *e = NULL;

    for (size_t k = 0; !e && k < list->n; k++) {
        const struct ssh_public_key *ssh = list->items[k].ssh;
        AUTO(freep) char *folder = xasprintf("%s/%zu", dir, k);
        if (ssh && (l == &nocloud ? ssh->no_cloud : ssh->config_drive)) {
            e = err_wrap(ssh_keys_read(folder, a, keys), "accessCredentials[%zu]", k);
        }
    }
    for (size_t k = 0; !e && k < keys->n; k++) {
        AUTO(freep) char *number = xasprintf("%zu", k);
        if (json_object_set_new(object, number, json_string(keys->items[k])) != 0) {
            e = err_new(ERR_INVALID, "accessCredentials: a key is no text");
        }
    }
    if (e || keys->n == 0) {
        json_decref(object);
        return e;
    }
    return json_object_set_new(meta, l->keys, object) == 0 ? NULL : err_new(ERR_RETRY, "no memory for the keys");
}

/* Where Secrets are mounted. */
struct mounts {
    const char *secrets; /* of the volume */
    const char *credentials;
};

static struct err *
texts_read(const struct instance *i, const struct layout *l, const struct volume_cloud_init *c, const struct mounts *m,
           struct texts *t)
{
    static const char *const user_keys[] = {"userdata", "user-data", NULL};
    static const char *const network_keys[] = {"networkdata", "network-data", NULL};
    const struct part user = {"userData", c->user_data, c->user_data_base64, c->secret_ref, "user", user_keys};
    const struct part network = {"networkData", c->network_data, c->network_data_base64, c->network_data_secret_ref,
                                 "network",     network_keys};
    AUTO(json_freep) json_t *meta = l->meta_data(i);
    struct err *e = meta ? meta_add_keys(meta, i, l, m->credentials)
                         : err_new(ERR_INVALID, "the host name cannot be told to cloud-init");

    if (!e && !json_write(meta, &t->meta)) {
        e = err_new(ERR_INVALID, "the keys are more than cloud-init is told");
    }
    if (!e) {
        e = part_read(&user, m->secrets, &t->user);
    }
    return e ? e : part_read(&network, m->secrets, &t->network);
}

struct err *
cloud_init_write(const struct instance *i, const struct volume *vol, const char *secrets_dir,
                 const char *credentials_dir, const char *path)
{
    const struct layout *l = vol->cloud_init_config_drive ? &config_drive : &nocloud;
    const struct volume_cloud_init *c =
        vol->cloud_init_config_drive ? vol->cloud_init_config_drive : vol->cloud_init_no_cloud;
    AUTO(freep) char *dir = xasprintf("%s/%s", secrets_dir, vol->name);
    AUTO(texts_fini)
    struct texts t = {STRBUF_INIT(CLOUD_INIT_PART_MAX), STRBUF_INIT(CLOUD_INIT_PART_MAX),
                      STRBUF_INIT(CLOUD_INIT_PART_MAX)};
    const struct mounts mounts = {.secrets = dir, .credentials = credentials_dir};
    struct err *e = texts_read(i, l, c, &mounts, &t);

    if (!e) {
        e = texts_write(l, &t, path);
    }
    return err_wrap(e, "spec.volumes[%s].%s", vol->name, l->source);
}

/* cloud-init takes missing network data for "as you like"; empty ones would be an error. */
static struct err *
texts_write(const struct layout *l, const struct texts *t, const char *path)
{
    const struct iso_file files[] = {{l->meta, &t->meta}, {l->user, &t->user}, {l->network, &t->network}};

    return iso_image_write(path, l->label, files, t->network.len > 0 ? 3 : 2);
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
        return err_wrap(cloud_init_base64(p->base64, out), "%sBase64", p->field);
    }
    if (p->text && !strbuf_adds(out, p->text)) {
        return err_new(ERR_INVALID, "%s: longer than %d bytes", p->field, CLOUD_INIT_PART_MAX);
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
cloud_init_base64(const char *text, struct strbuf *out)
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
                return err_new(ERR_INVALID, "longer than %d bytes", CLOUD_INIT_PART_MAX);
            }
        }
    }
    text += strspn(text, "= \t\r\n");
    return *text || n_bits == 6 ? err_new(ERR_INVALID, "is no base64") : NULL;
}
