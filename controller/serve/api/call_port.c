// The port's TLS settings and all of its connections.
#include "serve/api/call_port.h"

#include <openssl/err.h>
#include <unistd.h>

#include "serve/api/call_conn.h"
#include "serve/http/server_tls.h"

enum { CONNECTIONS_MAX = 1024 };

struct call_port {
    struct call_conns conns;
    struct server_taker taker;
};

static struct call_port *
port_of(struct call_conns *conns)
{
    return CONTAINER_OF(conns, struct call_port, conns);
}

/* Somebody proven may have many connections; beyond the limit a newcomer is turned away. */
static void
take(void *arg, int fd, struct server_place *place)
{
    struct call_port *p = arg;

    if (p->conns.n < CONNECTIONS_MAX) {
        call_conn_new(&p->conns, fd, place);
        return;
    }
    close(fd);
    server_place_leave(place);
}

static void
evict(void *arg, void *owner)
{
    (void)arg; /* the connection knows */
    call_conn_end(owner);
}

static int
choose_protocol(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_len, const unsigned char *in,
                unsigned in_len, void *arg)
{
    static const unsigned char offered[] = "\x08http/1.1";

    (void)ssl;
    (void)arg;
    return SSL_select_next_proto((unsigned char **)(uintptr_t)ret_name, ret_len, offered, sizeof(offered) - 1, in,
                                 in_len) == OPENSSL_NPN_NEGOTIATED
               ? SSL_TLSEXT_ERR_OK
               : SSL_TLSEXT_ERR_ALERT_FATAL;
}

struct call_port *
call_port_new(const struct call_port_options *options)
{
    struct call_port *p = XNEW(struct call_port);

    p->conns.options = *options;
    p->conns.ssl = SSL_CTX_new(TLS_server_method());
    BUG_ON(!p->conns.ssl);
    server_tls_setup(p->conns.ssl);
    SSL_CTX_set_verify(p->conns.ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_verify_depth(p->conns.ssl, 4);
    SSL_CTX_set_alpn_select_cb(p->conns.ssl, choose_protocol, NULL);
    SSL_CTX_set_mode(p->conns.ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    p->taker = (struct server_taker){.take = take, .evict = evict, .arg = p};
    return p;
}

const struct server_taker *
call_port_taker(const struct call_port *p)
{
    return &p->taker;
}

struct err *
call_port_show(struct call_port *p, const char *crt_pem, const char *key_pem)
{
    return server_tls_use(p->conns.ssl, crt_pem, key_pem);
}

void
call_port_trust(struct call_port *p, X509_STORE *store)
{
    SSL_CTX_set_cert_store(p->conns.ssl, store);
}

static void
port_free(struct call_conns *conns)
{
    struct call_port *p = port_of(conns);

    SSL_CTX_free(p->conns.ssl);
    free(p);
}

void
call_port_close(struct call_port *p)
{
    if (!p) {
        return;
    }
    p->conns.is_closing = true;
    p->conns.emptied = port_free;
    if (p->conns.n == 0) {
        port_free(&p->conns);
        return;
    }
    while (p->conns.first) {
        call_conn_end(p->conns.first);
    }
}
