/* The command `passt` of the launcher image: libvirt runs it, and it becomes the real one with what
 * libvirt cannot say. It only adds arguments and environment, and never parses passt's options.
 *
 * Environment
 *   VMBRIDGE_PASST_DIR      folder with ALIAS.args for the interface whose alias is ALIAS (net0,
 *                           ua-default ...), `args` for all others: "--name value" on a line each;
 *                           and with receive-bytes, if smallbuffer.so is to be loaded: its number
 *   VMBRIDGE_PASST_SANDBOX  "native" leaves passt its own namespaces; else nosandbox.so is loaded
 *   VMBRIDGE_PASST_LIB      folder of the real passt and of the libraries (/usr/lib/passt) */
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
    NUMBER_SIZE = 16,
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

/* Adds LIB/NAME to what the real passt loads. */
static void
load_shim(const char *lib, const char *name)
{
    char path[PATH_MAX], all[2 * PATH_MAX];
    const char *others = getenv("LD_PRELOAD");
    int n = snprintf(path, sizeof(path), "%s/%s", lib, name);
    int n_all = snprintf(all, sizeof(all), "%s%s%s", others ? others : "", others ? ":" : "", path);

    if (n < 0 || (size_t)n >= sizeof(path) || n_all < 0 || (size_t)n_all >= sizeof(all) || access(path, R_OK) != 0 ||
        setenv("LD_PRELOAD", all, 1) != 0) { // NOLINT(concurrency-mt-unsafe): one thread
        fail("load", path);
    }
}

/* Loads smallbuffer.so with the number in DIR/receive-bytes, if there is such a file. */
static void
bound_receive_buffers(const char *lib, const char *dir)
{
    char path[PATH_MAX], number[NUMBER_SIZE] = {0};
    int n = snprintf(path, sizeof(path), "%s/receive-bytes", dir);
    FILE *f = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;

    if (!f) {
        return;
    }
    if (fread(number, 1, sizeof(number) - 1, f) == 0 ||
        setenv("VMBRIDGE_PASST_RECEIVE_BYTES", number, 1) != 0) { // NOLINT(concurrency-mt-unsafe): one thread
        fail("read", path);
    }
    (void)fclose(f); // only read
    load_shim(lib, "smallbuffer.so");
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
    (void)unsetenv("LD_PRELOAD"); // NOLINT(concurrency-mt-unsafe): one thread
    if (dir && dir[0]) {
        FILE *f = find_args(dir, socket_of(argv));

        if (f) {
            n = read_args(f, args, n);
            (void)fclose(f); // only read
        }
        bound_receive_buffers(lib, dir);
    }
    for (int i = 1; i < argc; i++) {
        args[n++] = argv[i];
    }
    load_shim(lib, "heap.so");
    if (strcmp(env_or("VMBRIDGE_PASST_SANDBOX", ""), "native") != 0) {
        load_shim(lib, "nosandbox.so");
    }
    execv(path, args);
    fail("run", path);
}
