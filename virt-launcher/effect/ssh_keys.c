// Files as the kubelet mounts them; lines as OpenSSH reads them.
#include "effect/ssh_keys.h"

#include <errno.h>

#include "effect/files.h"

static struct err *
take_lines(char *text, struct arena *a, struct ssh_keys *keys)
{
    char *rest = NULL;

    for (char *line = strtok_r(text, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest)) {
        line += strspn(line, " \t");
        if (!*line || *line == '#') {
            continue;
        }
        if (keys->n == SSH_KEYS_MAX) {
            return err_new(ERR_INVALID, "more than %d keys", SSH_KEYS_MAX);
        }
        keys->items[keys->n++] = arena_strdup(a, line);
    }
    return NULL;
}

struct err *
ssh_keys_read(const char *folder, struct arena *a, struct ssh_keys *keys)
{
    AUTO(closedirp) DIR *d = opendir(folder);
    struct err *e = d ? NULL : err_errno(errno, "open %s", folder);

    for (const struct dirent *entry = e ? NULL : readdir(d); entry && !e; entry = readdir(d)) {
        AUTO(freep) char *path = xasprintf("%s/%s", folder, entry->d_name);
        AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(SSH_KEYS_BYTES_MAX);
        if (entry->d_name[0] == '.') { /* what the kubelet needs, or what no key of a Secret begins with */
            continue;
        }
        e = file_read(path, &text);
        if (!e && text.len > 0) {
            e = take_lines(text.buf, a, keys);
        }
    }
    return e;
}
