// One call of libvirt a user; the agent does what it says.
#include "effect/credentials.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "effect/files.h"
#include "effect/ssh_keys.h"

enum { PASSWORD_MAX = 4096, VERSION_MAX = 16384, LINK_MAX_BYTES = 256, KEYS_ARENA_BYTES = 1024 * 1024 };

static bool
is_by_agent(const struct access_credential *c)
{
    return c->ssh ? c->ssh->agent != NULL : c->password && c->password->agent;
}

/* The kubelet puts a new folder beside the old one and turns the link. */
char *
credentials_version(const struct credentials *c)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(VERSION_MAX);
    bool is_any = false;

    for (size_t i = 0; c->list && i < c->list->n; i++) {
        AUTO(freep) char *path = xasprintf("%s/%zu/..data", c->dir, i);
        char link[LINK_MAX_BYTES];
        ssize_t n = is_by_agent(&c->list->items[i]) ? readlink(path, link, sizeof(link)) : 0;
        is_any = is_any || is_by_agent(&c->list->items[i]);
        (void)strbuf_addf(&text, "%.*s/", n > 0 ? (int)n : 0, link); /* there is room for all that a list can have */
    }
    return is_any ? strbuf_steal(&text) : NULL;
}

static bool
names_user(const struct access_credential *c, const char *user)
{
    return c->ssh && c->ssh->agent && str_list_has(&c->ssh->agent->users, user);
}

/* A user whom many of them name has the keys of all. */
static struct err *
set_keys(virDomainPtr dom, const struct credentials *c, const char *user)
{
    AUTO(arena_freep) struct arena *a = arena_new(KEYS_ARENA_BYTES);
    struct ssh_keys *keys = ARENA_NEW(a, struct ssh_keys);
    struct err *e = NULL;

    for (size_t i = 0; !e && i < c->list->n; i++) {
        AUTO(freep) char *folder = xasprintf("%s/%zu", c->dir, i);
        if (names_user(&c->list->items[i], user)) {
            e = err_wrap(ssh_keys_read(folder, a, keys), "accessCredentials[%zu]", i);
        }
    }
    if (!e && virDomainAuthorizedSSHKeysSet(dom, user, keys->items, (unsigned)keys->n, 0) != 0) {
        e = err_new(ERR_RETRY,
                    "the guest agent does not set the SSH keys of user %s: the guest must have that user, and an agent "
                    "that may run guest-ssh-add-authorized-keys",
                    user);
    }
    return e;
}

static struct err *
set_all_keys(virDomainPtr dom, const struct credentials *c)
{
    struct err *e = NULL;

    for (size_t i = 0; i < c->list->n; i++) {
        const struct ssh_public_key *ssh = c->list->items[i].ssh;
        for (size_t k = 0; !e && ssh && ssh->agent && k < ssh->agent->users.n; k++) {
            bool is_done = false; /* for one before */
            for (size_t before = 0; before < i; before++) {
                is_done = is_done || names_user(&c->list->items[before], ssh->agent->users.items[k]);
            }
            e = is_done ? NULL : set_keys(dom, c, ssh->agent->users.items[k]);
        }
    }
    return e;
}

/* Without blanks and line ends around it, which editors leave there. */
static struct err *
set_password(virDomainPtr dom, const char *path, const char *user)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(PASSWORD_MAX);
    struct err *e = file_read(path, &text);
    char *word = text.buf ? text.buf : (char[]){""};

    if (e) {
        return e;
    }
    while (text.len > 0 && isspace((unsigned char)text.buf[text.len - 1])) {
        text.buf[--text.len] = '\0';
    }
    word += strspn(word, " \t\r\n");
    bool is_set = virDomainSetUserPassword(dom, user, word, 0) == 0;
    if (text.buf) {
        explicit_bzero(text.buf, text.len);
    }
    return is_set ? NULL
                  : err_new(ERR_RETRY,
                            "the guest agent does not set the password of user %s: the guest must have that user, and "
                            "an agent that may run guest-set-user-password",
                            user);
}

static struct err *
set_passwords(virDomainPtr dom, const char *folder)
{
    AUTO(closedirp) DIR *d = opendir(folder);
    struct err *e = d ? NULL : err_errno(errno, "open %s", folder);

    for (const struct dirent *entry = e ? NULL : readdir(d); entry && !e; entry = readdir(d)) {
        AUTO(freep) char *path = xasprintf("%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            e = set_password(dom, path, entry->d_name);
        }
    }
    return e;
}

struct err *
credentials_apply(virDomainPtr dom, const struct credentials *c)
{
    struct err *e = set_all_keys(dom, c);

    for (size_t i = 0; !e && i < c->list->n; i++) {
        AUTO(freep) char *folder = xasprintf("%s/%zu", c->dir, i);
        if (c->list->items[i].password && is_by_agent(&c->list->items[i])) {
            e = err_wrap(set_passwords(dom, folder), "accessCredentials[%zu]", i);
        }
    }
    return e;
}
