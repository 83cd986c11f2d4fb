/* ioload: loads a disk of a guest, or a connection to it, and counts what was done. Linked statically, so that it runs in a guest and
 * in any pod. One JSON object a line; see usage() below. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <linux/fs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    DEPTH_MAX = 32,
    BLOCK_MAX = 1 << 20,
    STREAM_BYTES = 128 << 10,
    PATIENCE_S = 20,
    MODE_STREAM = 'S',
    MODE_ASK = 'A',
};

/* One row of the table: so many requests at a time, each of so many bytes. */
struct cell {
    size_t bytes;
    unsigned depth;
    bool is_write;
    bool is_random;
};

struct disk {
    int fd;
    unsigned long long blocks; /* of the cell's size */
    unsigned long long next;
    unsigned long long seed;
    char *buffer; /* DEPTH_MAX blocks */
};

static int
usage(void)
{
    fputs("usage: ioload fill DEVICE               write all of it once\n"
          "       ioload disk DEVICE MS [ROW]      the table of reads and writes, or one row, MS for each:\n"
          "                                        {\"name\": ..., \"done\": requests, \"bytes\": ..., \"us\": ...}\n"
          "       ioload sink PORT                 take what `stream` sends, answer what `ask` asks\n"
          "       ioload stream HOST PORT MS       one TCP connection, as fast as it takes\n"
          "       ioload ask HOST PORT MS          one byte there and back, again and again\n",
          stderr);
    return 2;
}

static int
fail(const char *what, const char *name)
{
    fprintf(stderr, "ioload: %s %s: %s\n", what, name, strerror(errno));
    return 1;
}

static long long
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static void
report(const char *name, unsigned long long done, unsigned long long bytes, long long us)
{
    printf("{\"name\": \"%s\", \"done\": %llu, \"bytes\": %llu, \"us\": %lld}\n", name, done, bytes, us);
    fflush(stdout);
}

/* Of no zeros, which QEMU may turn into holes, and the same each time. */
static void
fill_buffer(char *buffer, size_t len)
{
    unsigned long long x = 88172645463325252ULL;

    for (size_t i = 0; i + sizeof(x) <= len; i += sizeof(x)) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        memcpy(buffer + i, &x, sizeof(x));
    }
}

static int
open_disk(const char *path, struct disk *ret_disk, unsigned long long *ret_bytes)
{
    struct disk d = {.fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC), .seed = 1};

    if (d.fd < 0 || ioctl(d.fd, BLKGETSIZE64, ret_bytes) != 0 ||
        posix_memalign((void **)&d.buffer, 4096, (size_t)DEPTH_MAX * BLOCK_MAX) != 0) {
        return fail("open", path);
    }
    fill_buffer(d.buffer, (size_t)DEPTH_MAX * BLOCK_MAX);
    *ret_disk = d;
    return 0;
}

static long long
next_offset(struct disk *d, const struct cell *c)
{
    unsigned long long block = d->next++;

    if (c->is_random) {
        d->seed = d->seed * 6364136223846793005ULL + 1442695040888963407ULL;
        block = d->seed >> 33;
    }
    return (long long)(block % d->blocks * c->bytes);
}

static int
submit(io_context_t context, struct disk *d, const struct cell *c, struct iocb *one)
{
    char *buffer = one->data;
    int n;

    if (c->is_write) {
        io_prep_pwrite(one, d->fd, buffer, c->bytes, next_offset(d, c));
    } else {
        io_prep_pread(one, d->fd, buffer, c->bytes, next_offset(d, c));
    }
    one->data = buffer;
    n = io_submit(context, 1, &one);
    if (n != 1) {
        errno = n < 0 ? -n : EIO;
        return fail("submit", "a request");
    }
    return 0;
}

/* Keeps c->depth requests going for 'us'; what has ended by then counts, and the first in any case. */
static int
run_cell(io_context_t context, struct disk *d, const struct cell *c, long long us, const char *name)
{
    struct iocb all[DEPTH_MAX];
    struct io_event events[DEPTH_MAX];
    unsigned long long done = 0;
    unsigned going = 0;
    long long begin_us = now_us();
    long long last_us = begin_us;

    for (; going < c->depth; going++) {
        all[going].data = d->buffer + (size_t)going * BLOCK_MAX;
        if (submit(context, d, c, &all[going]) != 0) {
            return 1;
        }
    }
    while (going > 0) {
        int n = io_getevents(context, 1, DEPTH_MAX, events, NULL);
        bool is_over = done > 0 && now_us() - begin_us >= us;

        if (n < 0 && n != -EINTR) {
            errno = -n;
            return fail("wait for", name);
        }
        for (int i = 0; i < n; i++) {
            if (events[i].res != c->bytes) {
                errno = EIO;
                return fail("do", name);
            }
            going--;
            if (!is_over && submit(context, d, c, events[i].obj) == 0) {
                going++;
            }
        }
        if (n > 0 && !is_over) {
            done += (unsigned)n;
            last_us = now_us();
        }
    }
    report(name, done, done * c->bytes, last_us - begin_us);
    return 0;
}

static int
run_table(const char *path, long long us, const char *only)
{
    static const size_t sizes[] = {4096, BLOCK_MAX};
    static const unsigned depths[] = {1, DEPTH_MAX};
    io_context_t context = NULL;
    unsigned long long bytes;
    struct disk d;

    if (open_disk(path, &d, &bytes) != 0) {
        return 1;
    }
    if (io_setup(DEPTH_MAX, &context) != 0) {
        return fail("set up", path);
    }
    for (unsigned i = 0; i < 16; i++) {
        struct cell c = {
            .bytes = sizes[i >> 3], .depth = depths[(i >> 2) & 1], .is_write = (i >> 1) & 1, .is_random = i & 1};
        char name[64];

        d.blocks = bytes / c.bytes;
        snprintf(name, sizeof(name), "%s %s %s QD%u", c.is_random ? "random" : "sequential",
                 c.is_write ? "write" : "read", c.bytes == BLOCK_MAX ? "1M" : "4K", c.depth);
        if ((!only || strcmp(only, name) == 0) && run_cell(context, &d, &c, us, name) != 0) {
            return 1;
        }
    }
    return 0;
}

static int
fill(const char *path)
{
    unsigned long long bytes;
    struct disk d;

    if (open_disk(path, &d, &bytes) != 0) {
        return 1;
    }
    for (unsigned long long at = 0; at + BLOCK_MAX <= bytes; at += BLOCK_MAX) {
        if (pwrite(d.fd, d.buffer, BLOCK_MAX, (off_t)at) != BLOCK_MAX) {
            return fail("fill", path);
        }
    }
    return fsync(d.fd) == 0 ? 0 : fail("sync", path);
}

static void
serve_one(int fd)
{
    char mode;
    char *buffer = malloc(STREAM_BYTES);
    unsigned long long bytes = 0;
    ssize_t n = buffer ? read(fd, &mode, 1) : 0;

    if (n == 1 && mode == MODE_ASK) {
        do {
            n = read(fd, buffer, 1);
        } while (n == 1 && write(fd, buffer, 1) == 1);
    } else if (n == 1 && mode == MODE_STREAM) {
        for (n = read(fd, buffer, STREAM_BYTES); n > 0; n = read(fd, buffer, STREAM_BYTES)) {
            bytes += (unsigned long long)n;
        }
        dprintf(fd, "%llu\n", bytes);
    }
    free(buffer);
}

static int
sink(const char *port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)strtoul(port, NULL, 10))};
    int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    signal(SIGCHLD, SIG_IGN);
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 8) != 0) {
        return fail("listen on", port);
    }
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0 && fork() == 0) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            serve_one(fd);
            _exit(0);
        }
        if (fd >= 0) {
            close(fd);
        }
    }
}

static int
dial(const char *host, const char *port, char mode)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int on = 1;
    int rc = getaddrinfo(host, port, &hints, &found);
    int fd = rc == 0 ? socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        connect(fd, found->ai_addr, found->ai_addrlen) != 0 || write(fd, &mode, 1) != 1) {
        fail("dial", host);
        return -1;
    }
    freeaddrinfo(found);
    return fd;
}

/* The other end counts, and its word closes the time: what lies in a buffer on the way has not arrived. */
static int
stream(const char *host, const char *port, long long us)
{
    int fd = dial(host, port, MODE_STREAM);
    char *buffer = malloc(STREAM_BYTES);
    char word[32] = {0};
    long long begin_us = now_us();

    if (fd < 0 || !buffer) {
        return 1;
    }
    fill_buffer(buffer, STREAM_BYTES);
    while (now_us() - begin_us < us) {
        if (write(fd, buffer, STREAM_BYTES) < 0) {
            return fail("send to", host);
        }
    }
    if (shutdown(fd, SHUT_WR) != 0 || read(fd, word, sizeof(word) - 1) <= 0) {
        return fail("hear from", host);
    }
    report("TCP stream", 1, strtoull(word, NULL, 10), now_us() - begin_us);
    return 0;
}

static int
ask(const char *host, const char *port, long long us)
{
    int fd = dial(host, port, MODE_ASK);
    unsigned long long done = 0;
    long long begin_us = now_us();
    long long last_us = begin_us;
    char c = 'x';

    if (fd < 0) {
        return 1;
    }
    for (; last_us - begin_us < us; last_us = now_us()) {
        if (write(fd, &c, 1) != 1 || read(fd, &c, 1) != 1) {
            return fail("ask", host);
        }
        done++;
    }
    report("TCP request and response", done, done, last_us - begin_us);
    return 0;
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    signal(SIGPIPE, SIG_IGN);
    if (strcmp(what, "fill") == 0 && argc == 3) {
        return fill(argv[2]);
    }
    if (strcmp(what, "disk") == 0 && (argc == 4 || argc == 5)) {
        return run_table(argv[2], strtoll(argv[3], NULL, 10) * 1000, argv[4]);
    }
    if (strcmp(what, "sink") == 0 && argc == 3) {
        return sink(argv[2]);
    }
    if (strcmp(what, "stream") == 0 && argc == 5) {
        return stream(argv[2], argv[3], strtoll(argv[4], NULL, 10) * 1000);
    }
    if (strcmp(what, "ask") == 0 && argc == 5) {
        return ask(argv[2], argv[3], strtoll(argv[4], NULL, 10) * 1000);
    }
    return usage();
}
