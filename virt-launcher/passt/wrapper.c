/* The command `passt` of the launcher image: libvirt runs it, and it becomes the real one with what
 * libvirt cannot say. It only adds arguments and environment, and never parses passt's options.
 *
 * Environment
 *   VMBRIDGE_PASST_DIR      folder with ALIAS.args for the interface whose alias is ALIAS (net0,
 *                           ua-default ...), `args` for all others: "--name value" on a line each
 *   VMBRIDGE_PASST_SANDBOX  "native" leaves passt its own namespaces; else nosandbox.so is loaded
 *   VMBRIDGE_PASST_LIB      folder of the real passt and of nosandbox.so (/usr/lib/passt) */
#include "args.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_FILE_BYTES = 16 << 10,
    MAX_ADDED = 512, /* arguments from an args file */
};

static void
fail(const char *what, const char *name)
{
    (void)fprintf(stderr, "passt wrapper: %s %s: %s\n", what, name,
                  strerror(errno)); // NOLINT(concurrency-mt-unsafe): one thread
    exit(1);                        // NOLINT(concurrency-mt-unsafe): one thread
}

static const char *
env_or(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value && value[0] ? value : fallback;
}

/* Opens DIR/NAME.args, or DIR/args when name is NULL; NULL if there is no such file. */
static FILE *
open_args(const char *dir, const char *name, size_t name_len)
{
    char path[PATH_MAX];
    int n = name ? snprintf(path, sizeof(path), "%s/%.*s.args", dir, (int)name_len, name)
                 : snprintf(path, sizeof(path), "%s/args", dir);
    FILE *f;

    if (n < 0 || (size_t)n >= sizeof(path)) {
        errno = ENAMETOOLONG;
        fail("open arguments in", dir);
    }
    f = fopen(path, "re");
    if (!f && errno != ENOENT) {
        fail("open", path);
    }
    return f;
}

/* The longest alias that has a file wins. */
static FILE *
find_args(const char *dir, const char *socket)
{
    size_t len = 0;

    for (size_t i = 0; passt_args_alias(socket, i, &len); i++) {
        FILE *f = open_args(dir, passt_args_alias(socket, i, &len), len);

        if (f) {
            return f;
        }
    }
    return open_args(dir, NULL, 0);
}

static const char *
socket_of(char **argv)
{
    for (; *argv; argv++) {
        if ((strcmp(*argv, "--socket") == 0 || strcmp(*argv, "-s") == 0) && argv[1]) {
            return argv[1];
        }
    }
    return "";
}

/* Adds what f holds to args. The text stays allocated: args point into it. Returns the new number of args. */
static size_t
read_args(FILE *f, char **args, size_t n)
{
    char *text = calloc(1, MAX_FILE_BYTES + 1);

    if (!text || fread(text, 1, MAX_FILE_BYTES + 1, f) > MAX_FILE_BYTES || ferror(f)) {
        errno = errno ? errno : EFBIG;
        fail("read", "the arguments");
    }
    size_t n_added = passt_args_split(text, args + n, MAX_ADDED);
    if (n_added == SIZE_MAX) {
        errno = E2BIG;
        fail("read", "the arguments");
    }
    return n + n_added;
}

static void
load_shim(const char *lib)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/nosandbox.so", lib);

    if (n < 0 || (size_t)n >= sizeof(path) || access(path, R_OK) != 0 ||
        setenv("LD_PRELOAD", path, 1) != 0) { // NOLINT(concurrency-mt-unsafe): one thread
        fail("load", path);
    }
}

int
main(int argc, char **argv)
{
    const char *lib = env_or("VMBRIDGE_PASST_LIB", "/usr/lib/passt");
    const char *dir = getenv("VMBRIDGE_PASST_DIR");
    char **args = calloc((size_t)argc + MAX_ADDED + 3, sizeof(*args));
    char no_map_gw[] = "--no-map-gw"; /* else the guest's gateway is the pod's loopback */
    char path[PATH_MAX];
    size_t n = 0;
    int len = snprintf(path, sizeof(path), "%s/passt", lib);

    if (!args || len < 0 || (size_t)len >= sizeof(path)) {
        errno = ENOMEM;
        fail("prepare", lib);
    }
    args[n++] = path;
    args[n++] = no_map_gw;
    if (dir && dir[0]) {
        FILE *f = find_args(dir, socket_of(argv));

        if (f) {
            n = read_args(f, args, n);
            (void)fclose(f); // only read
        }
    }
    for (int i = 1; i < argc; i++) {
        args[n++] = argv[i];
    }
    if (strcmp(env_or("VMBRIDGE_PASST_SANDBOX", ""), "native") != 0) {
        load_shim(lib);
    }
    execv(path, args);
    fail("run", path);
}
