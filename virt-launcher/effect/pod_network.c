// getifaddrs, sockets and /proc/net.
#include "effect/pod_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/socket.h>

#include "effect/files.h"

enum { PROC_LINE_SIZE = 256 };

static void
freeifaddrsp(struct ifaddrs **list)
{
    if (*list) {
        freeifaddrs(*list);
    }
}

static void
read_address(const struct ifaddrs *i, struct pod_network *n)
{
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)(const void *)i->ifa_addr;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)i->ifa_addr;

    if (i->ifa_addr->sa_family == AF_INET) {
        (void)inet_ntop(AF_INET, &in4->sin_addr, n->ip, sizeof(n->ip)); /* the buffer is large enough */
    } else if (i->ifa_addr->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr)) {
        n->has_ipv6 = true;
        if (n->ip[0] == '\0') {
            (void)inet_ntop(AF_INET6, &in6->sin6_addr, n->ip, sizeof(n->ip)); /* as above */
        }
    }
}

void
pod_network_read(struct pod_network *ret_network)
{
    AUTO(freeifaddrsp) struct ifaddrs *list = NULL;
    AUTO(strbuf_fini) struct strbuf mtu = STRBUF_INIT(16);

    *ret_network = (struct pod_network){0};
    struct err *e = file_read("/sys/class/net/eth0/mtu", &mtu);
    if (!e) {
        ret_network->mtu = strtoll(strbuf_str(&mtu), NULL, 10);
    }
    err_free(e); /* passt has a default */
    if (getifaddrs(&list) != 0) {
        return;
    }
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (i->ifa_addr && str_eq(i->ifa_name, "eth0")) {
            read_address(i, ret_network);
        }
    }
}

static struct err *
write_receive_bytes(const struct domain_view *v, const struct paths *p)
{
    AUTO(freep) char *path = xasprintf("%s/receive-bytes", p->passt_dir);
    char text[24];

    for (size_t i = 0; i < v->n_nics; i++) {
        if (v->nics[i].receive_bytes > 0) {
            (void)snprintf(text, sizeof(text), "%lld", (long long)v->nics[i].receive_bytes); /* large enough */
            return file_write(path, text, strlen(text));
        }
    }
    return NULL;
}

struct err *
pod_network_write_passt(const struct domain_view *v, const struct pod_network *n, const char *hostname,
                        const struct paths *p)
{
    AUTO(freep) char *path = xasprintf("%s/args", p->passt_dir);
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(4096);

    for (size_t i = 0; i < v->n_nics; i++) {
        if (v->nics[i].gateway4) {
            strbuf_addf(&text, "--gateway %s\n", v->nics[i].gateway4);
        }
    }
    if (n->mtu > 0) {
        strbuf_addf(&text, "--mtu %lld\n", (long long)n->mtu);
    }
    if (!str_empty(hostname) && !strpbrk(hostname, "\n ")) {
        strbuf_addf(&text, "--hostname %s\n", hostname);
    }
    strbuf_addf(&text, "--conf-path %s\n", p->passt_socket);
    if (text.over) {
        return err_new(ERR_INVALID, "the network's options are too long");
    }
    struct err *e = file_write(path, text.buf, text.len);
    return e ? e : write_receive_bytes(v, p);
}

/* 0 when something could listen on the port now, else why not. */
static int
try_port(bool is_udp, unsigned port)
{
    AUTO(closep) int fd = socket(AF_INET6, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    const struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    const struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const struct sockaddr *addr = (const struct sockaddr *)&any6;
    socklen_t len = sizeof(any6);
    int on = 1;

    if (fd < 0) {
        fd = socket(AF_INET, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
        addr = (const struct sockaddr *)&any4;
        len = sizeof(any4);
    }
    if (fd < 0) {
        return errno;
    }
    if (!is_udp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) {
        return errno;
    }
    if (bind(fd, addr, len) != 0 || (!is_udp && listen(fd, 1) != 0)) {
        return errno;
    }
    return 0;
}

void
pod_network_try_ports(const struct port_set *wish, struct port_set *ret_free, struct port_set *ret_refused,
                      int *ret_errno)
{
    memset(ret_free, 0, sizeof(*ret_free));
    memset(ret_refused, 0, sizeof(*ret_refused));
    *ret_errno = 0;
    for (int udp = 0; udp < 2; udp++) {
        for (unsigned port = 1; port < PORT_NUMBERS; port++) {
            if (!port_set_has(wish, udp, port)) {
                continue;
            }
            int why = try_port(udp, port);
            port_set_add(why ? ret_refused : ret_free, udp, port);
            *ret_errno = why ? why : *ret_errno;
        }
    }
}

struct err *
pod_network_listening(struct port_set *ret_set)
{
    static const struct {
        const char *path;
        bool is_udp;
    } tables[] = {{"/proc/net/tcp", false}, {"/proc/net/tcp6", false}, {"/proc/net/udp", true}, {"/proc/net/udp6", true}};

    memset(ret_set, 0, sizeof(*ret_set));
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        AUTO(fclosep) FILE *f = fopen(tables[i].path, "re");
        char line[PROC_LINE_SIZE];
        if (!f && errno != ENOENT) { /* a host without IPv6 has no such table */
            return err_errno(errno, "open %s", tables[i].path);
        }
        while (f && fgets(line, sizeof(line), f)) { /* however long the table is that a guest's connections make */
            port_set_read_proc(line, tables[i].is_udp, ret_set);
        }
    }
    return NULL;
}
