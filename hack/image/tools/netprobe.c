/* netprobe: an echo server and a client for tests of the network, TCP and UDP, IPv4 and IPv6. Linked
 * statically with libc alone, so that it runs in a guest and in any pod. See usage() below. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_PORTS = 32,
    DATAGRAM_BYTES = 65536,
    DEFAULT_TIMEOUT_S = 5,
};

static int
usage(void)
{
    fputs("usage: netprobe serve PORT...            echo TCP and UDP on these ports, IPv4 and IPv6\n"
          "       netprobe tcp HOST PORT [TEXT]     connect; send TEXT and print what comes back\n"
          "       netprobe udp HOST PORT TEXT       send TEXT each second until an answer, print it\n"
          "       netprobe http HOST PORT [PATH]    GET, print the body; fails unless it is 200\n"
          "       netprobe hold HOST PORT SECONDS   one TCP connection, an echo each 0.1 s; prints the\n"
          "                                         number of echoes and the longest gap in ms\n"
          "NETPROBE_TIMEOUT is the patience in seconds (5).\n",
          stderr);
    return 2;
}

static int
fail(const char *what, const char *name)
{
    fprintf(stderr, "netprobe: %s %s: %s\n", what, name, strerror(errno));
    return 1;
}

static int
timeout_s(void)
{
    const char *text = getenv("NETPROBE_TIMEOUT");
    long n = text ? strtol(text, NULL, 10) : 0;

    return n > 0 && n < 3600 ? (int)n : DEFAULT_TIMEOUT_S;
}

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* A socket of this type that takes IPv6 and IPv4 on the port; -1 with errno set. */
static int
listen_on(int type, unsigned port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
    int off = 0;
    int on = 1;

    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || (type == SOCK_STREAM && listen(fd, 64) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void
echo_stream(int fd)
{
    char buf[4096];
    ssize_t n = read(fd, buf, sizeof(buf));

    while (n > 0) {
        for (ssize_t done = 0, w = 0; done < n; done += w) {
            w = write(fd, buf + done, (size_t)(n - done));
            if (w < 0) {
                return;
            }
        }
        n = read(fd, buf, sizeof(buf));
    }
}

/* A child serves the connection, so that a slow client holds up nobody. */
static void
accept_one(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0) {
        return;
    }
    if (fork() == 0) {
        close(listener);
        echo_stream(fd);
        _exit(0);
    }
    close(fd);
}

static void
echo_datagram(int fd)
{
    static const size_t size = DATAGRAM_BYTES;
    char *buf = malloc(size);
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    ssize_t n = buf ? recvfrom(fd, buf, size, 0, (struct sockaddr *)&peer, &len) : -1;

    if (n >= 0 && sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&peer, len) < 0) {
        fail("answer", "a datagram");
    }
    free(buf);
}

static int
serve(int n_ports, char **ports)
{
    struct pollfd fds[2 * MAX_PORTS];
    nfds_t n = 0;

    if (n_ports < 1 || n_ports > MAX_PORTS) {
        return usage();
    }
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < n_ports; i++) {
        unsigned port = (unsigned)strtoul(ports[i], NULL, 10);

        fds[n] = (struct pollfd){.fd = listen_on(SOCK_STREAM, port), .events = POLLIN};
        fds[n + 1] = (struct pollfd){.fd = listen_on(SOCK_DGRAM, port), .events = POLLIN};
        if (fds[n].fd < 0 || fds[n + 1].fd < 0) {
            return fail("listen on", ports[i]);
        }
        n += 2;
    }
    while (poll(fds, n, -1) > 0 || errno == EINTR) {
        for (nfds_t i = 0; i < n; i++) {
            if (fds[i].revents & POLLIN && i % 2 == 0) {
                accept_one(fds[i].fd);
            } else if (fds[i].revents & POLLIN) {
                echo_datagram(fds[i].fd);
            }
        }
    }
    return fail("wait for", "clients");
}

/* A connected socket with the timeout set both ways; -1 after saying why. */
static int
connect_to(const char *host, const char *port, int type, int limit_s)
{
    struct addrinfo hints = {.ai_socktype = type};
    struct addrinfo *list = NULL;
    struct timeval limit = {.tv_sec = limit_s};
    int rc = getaddrinfo(host, port, &hints, &list);
    int fd = -1;

    if (rc != 0) {
        fprintf(stderr, "netprobe: look up %s: %s\n", host, gai_strerror(rc));
        return -1;
    }
    for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, type | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
        }
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            int cause = errno == EINPROGRESS ? ETIMEDOUT : errno;

            close(fd);
            fd = -1;
            errno = cause;
        }
    }
    freeaddrinfo(list);
    if (fd < 0) {
        fail("connect to", host);
    }
    return fd;
}

static int
tcp(const char *host, const char *port, const char *text)
{
    char buf[4096];
    size_t len = text ? strlen(text) : 0;
    size_t got = 0;
    int fd = connect_to(host, port, SOCK_STREAM, timeout_s());

    if (fd < 0) {
        return 1;
    }
    if (len > 0 && write(fd, text, len) != (ssize_t)len) {
        return fail("send to", host);
    }
    while (got < len) {
        ssize_t n = read(fd, buf, sizeof(buf));

        if (n <= 0) {
            errno = n == 0 ? ECONNRESET : errno;
            return fail("hear from", host);
        }
        fwrite(buf, 1, (size_t)n, stdout);
        got += (size_t)n;
    }
    puts(text ? "" : "connected");
    close(fd);
    return 0;
}

static int
udp(const char *host, const char *port, const char *text)
{
    char buf[4096];
    int fd = connect_to(host, port, SOCK_DGRAM, 1);
    ssize_t n = -1;

    if (fd < 0) {
        return 1;
    }
    for (int i = 0; i < timeout_s() && n < 0; i++) {
        if (send(fd, text, strlen(text), 0) < 0 && errno != ECONNREFUSED) {
            return fail("send to", host);
        }
        n = recv(fd, buf, sizeof(buf), 0);
    }
    if (n < 0) {
        return fail("hear from", host);
    }
    printf("%.*s\n", (int)n, buf);
    close(fd);
    return 0;
}

static int
http(const char *host, const char *port, const char *path)
{
    int fd = connect_to(host, port, SOCK_STREAM, timeout_s());
    FILE *f = fd >= 0 ? fdopen(fd, "r+") : NULL;
    char line[4096];
    int status = 0;
    size_t n;

    if (!f) {
        return 1;
    }
    dprintf(fd, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
    if (fgets(line, sizeof(line), f) && strncmp(line, "HTTP/1.", 7) == 0) {
        status = (int)strtol(line + 8, NULL, 10);
    }
    while (fgets(line, sizeof(line), f) && strcmp(line, "\r\n") != 0 && strcmp(line, "\n") != 0) {
        continue;
    }
    for (n = fread(line, 1, sizeof(line), f); n > 0; n = fread(line, 1, sizeof(line), f)) {
        fwrite(line, 1, n, stdout);
    }
    fclose(f);
    if (status != 200) {
        fprintf(stderr, "netprobe: GET %s from %s: status %d\n", path, host, status);
    }
    return status == 200 ? 0 : 1;
}

static int
hold(const char *host, const char *port, const char *seconds)
{
    int fd = connect_to(host, port, SOCK_STREAM, timeout_s());
    int64_t end_ms = now_ms() + strtol(seconds, NULL, 10) * 1000;
    int64_t last_ms = now_ms();
    int64_t gap_ms = 0;
    long n = 0;

    if (fd < 0) {
        return 1;
    }
    while (now_ms() < end_ms) {
        struct timespec pause = {.tv_nsec = 100000000};
        char c = '.';

        if (write(fd, &c, 1) != 1 || read(fd, &c, 1) != 1) {
            printf("%ld echoes, then lost\n", n);
            return fail("keep", host);
        }
        n++;
        gap_ms = now_ms() - last_ms > gap_ms ? now_ms() - last_ms : gap_ms;
        last_ms = now_ms();
        nanosleep(&pause, NULL);
    }
    printf("%ld echoes, longest gap %lld ms\n", n, (long long)gap_ms);
    return 0;
}

int
main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    signal(SIGPIPE, SIG_IGN);
    if (strcmp(what, "serve") == 0) {
        return serve(argc - 2, argv + 2);
    }
    if (strcmp(what, "tcp") == 0 && (argc == 4 || argc == 5)) {
        return tcp(argv[2], argv[3], argv[4]);
    }
    if (strcmp(what, "udp") == 0 && argc == 5) {
        return udp(argv[2], argv[3], argv[4]);
    }
    if (strcmp(what, "http") == 0 && (argc == 4 || argc == 5)) {
        return http(argv[2], argv[3], argc == 5 ? argv[4] : "/");
    }
    if (strcmp(what, "hold") == 0 && argc == 5) {
        return hold(argv[2], argv[3], argv[4]);
    }
    return usage();
}
