// Reads how a device is configured.
#include "device.h"

#include <errno.h>

/* Where Linux has the devices that launchers ask for. */
static const struct {
    const char *name, *path;
} usual[] = {
    {"kvm", "/dev/kvm"},
    {"tun", "/dev/net/tun"},
    {"vhost-net", "/dev/vhost-net"},
    {"vhost-vsock", "/dev/vhost-vsock"},
};

static bool is_name(const char *s, size_t len);
static struct err *take_path(struct device *d, const char *path, size_t len);
static struct err *take_shares(struct device *d, const char *text);

struct err *
device_parse(const char *text, struct device *ret_device)
{
    struct device d = {.shares = SHARES_DEFAULT};
    const char *equals = strchr(text, '=');
    size_t len = equals ? (size_t)(equals - text) : strlen(text);
    struct err *e;

    if (!is_name(text, len)) {
        return err_new(
            ERR_INVALID,
            "a device is NAME, NAME=PATH or NAME=PATH:SHARES with a NAME of at most %d small letters, digits "
            "and '-', not %s",
            DEVICE_NAME_SIZE - 1, text);
    }
    memcpy(d.name, text, len);
    if (equals) {
        const char *colon = strrchr(equals, ':');
        const char *path = equals + 1;
        e = take_path(&d, path, colon ? (size_t)(colon - path) : strlen(path));
        if (!e && colon) {
            e = take_shares(&d, colon + 1);
        }
    } else {
        e = take_path(&d, "", 0);
    }
    if (!e) {
        *ret_device = d;
    }
    return e;
}

/* A part of a resource's name. */
static bool
is_name(const char *s, size_t len)
{
    return len > 0 && len < DEVICE_NAME_SIZE && s[0] != '-' && s[len - 1] != '-' &&
           strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") >= len;
}

static struct err *
take_path(struct device *d, const char *path, size_t len)
{
    for (size_t i = 0; len == 0 && i < ARRAY_LEN(usual); i++) {
        if (str_eq(d->name, usual[i].name)) {
            path = usual[i].path;
            len = strlen(path);
        }
    }
    if (len < 2 || len >= DEVICE_PATH_SIZE || path[0] != '/' || path[len - 1] == '/') {
        return err_new(ERR_INVALID, "the device %s needs the absolute path of a file, of at most %d characters",
                       d->name, DEVICE_PATH_SIZE - 1);
    }
    memcpy(d->path, path, len);
    d->path[len] = '\0';
    return NULL;
}

static struct err *
take_shares(struct device *d, const char *text)
{
    char *end;

    errno = 0;
    long n = strtol(text, &end, 10);
    if (*end || end == text || errno != 0 || n < 1 || n > SHARES_MAX) {
        return err_new(ERR_INVALID, "the device %s can have 1 to %d shares, not %s", d->name, SHARES_MAX, text);
    }
    d->shares = (unsigned)n;
    return NULL;
}
