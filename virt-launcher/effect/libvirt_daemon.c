// Files, environment, uv_spawn.
#include "effect/libvirt_daemon.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "effect/files.h"

enum { RESTART_MS = 1000, CAPABILITIES_MAX = 1024 * 1024 };

#define QEMU "/usr/bin/qemu-system-x86_64"
#define QEMU_MODULES "/usr/lib/x86_64-linux-gnu/qemu"
#define LIBVIRTD "/usr/sbin/libvirtd"
#define QEMU_DRIVER "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so"

/* The pod is the sandbox: no security driver, no namespaces, no control groups, nobody else to remember owners for. */
static const char qemu_conf[] = "security_driver=\"none\"\n"
                                "namespaces=[]\n"
                                "cgroup_controllers=[]\n"
                                "stdio_handler=\"file\"\n"
                                "remember_owner=0\n";

struct err *
libvirt_daemon_environment(const struct paths *p)
{
    const char *const vars[][2] = {
        {"XDG_RUNTIME_DIR", p->run},
        {"XDG_CONFIG_HOME", p->conf},
        {"XDG_CACHE_HOME", p->cache},
        {"HOME", p->run},
        {"TMPDIR", p->tmp}, /* /tmp is read-only */
        {"VMBRIDGE_PASST_DIR", p->passt_dir},
        {"LIBVIRT_AUTOSTART", "0"},
        {"LC_ALL", "C.UTF-8"},
        {"MALLOC_ARENA_MAX", "1"}, /* libvirtd has many threads and little to allocate */
        {"PATH", "/usr/bin:/usr/sbin:/bin:/sbin"},
    };

    for (size_t i = 0; i < ARRAY_LEN(vars); i++) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread exists yet
        if (setenv(vars[i][0], vars[i][1], 1) != 0) {
            return err_new(ERR_FATAL, "set the environment variable %s", vars[i][0]);
        }
    }
    return NULL;
}

static struct err *
write_conf(const struct paths *p, const char *name, const char *text)
{
    AUTO(freep) char *path = xasprintf("%s/libvirt/%s", p->conf, name);

    return file_write(path, text, strlen(text));
}

static struct err *
write_libvirtd_conf(const struct paths *p)
{
    AUTO(strbuf_fini) struct strbuf uuid = STRBUF_INIT(64);
    struct err *e = file_read("/proc/sys/kernel/random/uuid", &uuid);

    if (e) {
        return e;
    }
    AUTO(freep)
    char *conf = xasprintf("auth_unix_rw=\"none\"\nlog_outputs=\"3:file:%s\"\nhost_uuid=\"%.36s\"\n", p->libvirtd_log,
                           strbuf_str(&uuid));
    return write_conf(p, "libvirtd.conf", conf);
}

struct err *
libvirt_daemon_configure(const struct paths *p)
{
    AUTO(freep) char *conf_dir = xasprintf("%s/libvirt", p->conf);
    AUTO(freep) char *conf = xasprintf("%s/libvirtd.conf", conf_dir);
    const char *const dirs[] = {conf_dir, p->capabilities, p->passt_dir, p->data, p->tmp};

    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        struct err *e = file_make_dirs(dirs[i]);
        if (e) {
            return e;
        }
    }
    if (file_exists(conf)) {
        return NULL;
    }
    struct err *e = write_conf(p, "qemu.conf", qemu_conf);
    return e ? e : write_libvirtd_conf(p);
}

/* Replaces the number in "<tag>0</tag>". */
static void
patch_time(struct strbuf *text, const char *tag, int64_t value)
{
    AUTO(freep) char *from = xasprintf("<%s>", tag);
    char *at = text->buf ? strstr(text->buf, from) : NULL;
    const char *end = at ? strchr(at + strlen(from), '<') : NULL;
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(CAPABILITIES_MAX);

    if (!end) {
        return;
    }
    strbuf_add(&out, text->buf, (size_t)(at - text->buf) + strlen(from));
    strbuf_addf(&out, "%lld", (long long)value);
    strbuf_adds(&out, end);
    strbuf_fini(text);
    text->buf = strbuf_steal(&out);
    text->len = strlen(text->buf);
    text->size = text->len + 1;
}

static int64_t
changed_s(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_ctim.tv_sec : 0;
}

static int64_t
modified_s(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_mtim.tv_sec : 0;
}

static void
bake_file(const struct paths *p, const char *name)
{
    AUTO(freep) char *from = xasprintf("%s/%s", p->baked_capabilities, name);
    AUTO(freep) char *to = xasprintf("%s/%s", p->capabilities, name);
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(CAPABILITIES_MAX);
    int64_t daemon_s = changed_s(LIBVIRTD);
    int64_t driver_s = changed_s(QEMU_DRIVER);

    struct err *e = file_exists(to) ? NULL : file_read(from, &text);
    if (!e && text.len > 0) {
        patch_time(&text, "qemuctime", changed_s(QEMU));
        patch_time(&text, "qemumoddirmtime", modified_s(QEMU_MODULES));
        patch_time(&text, "selfctime", daemon_s > driver_s ? daemon_s : driver_s);
        e = file_write(to, text.buf, text.len);
    }
    err_free(e); /* libvirt asks QEMU itself then */
}

void
libvirt_daemon_bake_cache(const struct paths *p)
{
    DIR *dir = opendir(p->baked_capabilities);

    if (!dir) {
        return;
    }
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        if (entry->d_name[0] != '.') {
            bake_file(p, entry->d_name);
        }
    }
    (void)closedir(dir); /* only read */
}

void
libvirt_daemon_init(struct libvirt_daemon *d, uv_loop_t *loop, const struct paths *p, const struct log *log)
{
    *d = (struct libvirt_daemon){.loop = loop, .paths = p, .log = log};
    d->process.data = d;
}

static void
on_daemon_gone(uv_handle_t *h)
{
    struct libvirt_daemon *d = h->data;

    d->is_running = false;
}

static void
on_daemon_exit(uv_process_t *process, int64_t exit_status, int term_signal)
{
    struct libvirt_daemon *d = process->data;

    log_warn(d->log, "libvirtd ended", F_I64("exit", exit_status), F_I64("signal", term_signal));
    uv_close((uv_handle_t *)process, on_daemon_gone);
}

void
libvirt_daemon_start(struct libvirt_daemon *d, int64_t now_ms)
{
    AUTO(freep) char *conf = xasprintf("%s/libvirt/libvirtd.conf", d->paths->conf);
    AUTO(freep) char *pid = xasprintf("%s/libvirtd.pid", d->paths->run);
    char *args[] = {(char *)(uintptr_t)LIBVIRTD, (char *)(uintptr_t) "-f", conf, (char *)(uintptr_t) "-p", pid, NULL};
    AUTO(closep) int log = open(d->paths->libvirtd_log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = log >= 0 ? UV_INHERIT_FD : UV_IGNORE, .data.fd = log},
        {.flags = log >= 0 ? UV_INHERIT_FD : UV_IGNORE, .data.fd = log},
    };
    /* A session of its own: it outlives the manager and is found by the next one. */
    uv_process_options_t options = {.exit_cb = on_daemon_exit,
                                    .file = LIBVIRTD,
                                    .args = args,
                                    .flags = UV_PROCESS_DETACHED,
                                    .stdio_count = 3,
                                    .stdio = stdio};

    if (d->is_running || (d->started_ms > 0 && now_ms - d->started_ms < RESTART_MS)) {
        return;
    }
    d->started_ms = now_ms;
    int rc = uv_spawn(d->loop, &d->process, &options);
    d->is_running = true; /* until its handle is closed */
    if (rc != 0) {
        log_warn(d->log, "libvirtd cannot be started", F_STR("error", uv_strerror(rc)));
        uv_close((uv_handle_t *)&d->process, on_daemon_gone);
    }
}

void
libvirt_daemon_stop(struct libvirt_daemon *d)
{
    if (d->is_running) {
        (void)uv_process_kill(&d->process, SIGTERM); /* it may be gone */
    }
}
