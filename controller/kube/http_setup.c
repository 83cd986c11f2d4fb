// Why each option is set stands beside it; the rest of curl's defaults hold.
#include "http_setup.h"

#include "base/clock.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum {
    CONNECT_TIMEOUT_MS = 10000,
    KEEPALIVE_IDLE_S = 15,
    KEEPALIVE_INTERVAL_S = 5,
    UNACKED_MAX_MS = 20000, /* sent bytes without an acknowledgement for so long end the connection */
    CONNECTIONS_MAX = 64,   /* one carries all by HTTP/2; a front end that speaks HTTP/1.1 costs one per watch */
    STREAMS_MAX = 1000,     /* our side; the server's own limit is lower */
};

static CURLcode setup_address(CURL *easy, const struct kube_config *config, const struct http_wire *w);
static CURLcode setup_tls(CURL *easy, const struct kube_config *config);
static CURLcode setup_method(CURL *easy, const struct http_call *call, struct http_wire *w);
static CURLcode setup_limits(CURL *easy, const struct http_call *call);
static CURLcode set_blob(CURL *easy, CURLoption option, char *pem);
static int on_socket_made(void *user, curl_socket_t fd, curlsocktype purpose);
static size_t on_read(char *buf, size_t size, size_t n, void *user);
static void add_header(struct http_wire *w, const char *name, const char *value);
static void split_server(const char *server, char **ret_authority, const char **ret_path);

struct err *
http_setup_check(void)
{
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);

    if (!(v->features & CURL_VERSION_HTTP2) || !(v->features & CURL_VERSION_SSL)) {
        return err_new(ERR_FATAL, "libcurl %s has no HTTP/2 or no TLS; install one that has both", v->version);
    }
    return NULL;
}

void
http_setup_multi(CURLM *multi)
{
    (void)curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX);
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_MAX);
}

void
http_wire_init(struct http_wire *w, const struct kube_config *config, const char *user_agent,
               const struct http_call *call)
{
    AUTO(freep) char *authority = NULL;
    const char *base_path = NULL;

    split_server(config->server, &authority, &base_path);
    if (config->tls_server_name) {
        /* The name in the URL is the one that TLS checks; the connection goes to the real address. */
        const char *end = strrchr(authority, ']');
        const char *colon = strchr(end ? end : authority, ':');
        AUTO(freep) char *to = xasprintf("::%s%s", authority, colon ? "" : ":443");
        w->url = xasprintf("https://%s%s%s%s", config->tls_server_name, colon ? colon : "", base_path, call->path);
        w->connect_to = curl_slist_append(NULL, to);
        add_header(w, "Host", authority);
    } else {
        w->url = xasprintf("%s%s", config->server, call->path);
    }
    add_header(w, "User-Agent", user_agent);
    add_header(w, "Accept", "application/json, application/jwk-set+json");
    if (call->body) {
        add_header(w, "Content-Type", call->content_type);
        add_header(w, "Expect", ""); /* no question before the body */
    }
    if (call->bearer) {
        AUTO(freep) char *value = xasprintf("Bearer %s", call->bearer);
        add_header(w, "Authorization", value);
        explicit_bzero(value, strlen(value));
    }
    w->body = call->body;
    w->body_len = call->body ? call->body_len : 0;
}

void
http_wire_fini(struct http_wire *w)
{
    curl_slist_free_all(w->headers);
    curl_slist_free_all(w->connect_to);
    free(w->url);
    *w = (struct http_wire){0};
}

bool
http_wire_is_late(const struct http_wire *w)
{
    return w->fence_ms && w->body_sent == 0 && clock_mono_ms() >= *w->fence_ms;
}

CURLcode
http_setup_easy(CURL *easy, const struct kube_config *config, const struct http_call *call, struct http_wire *w)
{
    CURLcode code = setup_address(easy, config, w);

    if (code == CURLE_OK) {
        code = setup_tls(easy, config);
    }
    if (code == CURLE_OK) {
        code = setup_method(easy, call, w);
    }
    if (code == CURLE_OK) {
        code = setup_limits(easy, call);
    }
    return code;
}

static CURLcode
setup_address(CURL *easy, const struct kube_config *config, const struct http_wire *w)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, w->url);

    (void)config;
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    }
    if (code == CURLE_OK && w->connect_to) {
        code = curl_easy_setopt(easy, CURLOPT_CONNECT_TO, w->connect_to);
    }
    if (code == CURLE_OK) {
        code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, w->headers);
    }
    /* The environment's proxies are for other programs: the API server is reached directly. */
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    (void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L); /* rather wait for the connection than open another */
    (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    return code;
}

static CURLcode
setup_tls(CURL *easy, const struct kube_config *config)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, config->insecure ? 0L : 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, config->insecure ? 0L : 2L);
    if (code == CURLE_OK && config->ca_pem) {
        /* Only this authority: the system's certificates say nothing about a cluster. */
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        code = set_blob(easy, CURLOPT_CAINFO_BLOB, config->ca_pem);
    }
    if (code == CURLE_OK && config->client_crt_pem) {
        (void)curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
        (void)curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
        code = set_blob(easy, CURLOPT_SSLCERT_BLOB, config->client_crt_pem);
        if (code == CURLE_OK) {
            code = set_blob(easy, CURLOPT_SSLKEY_BLOB, config->client_key_pem);
        }
    }
    return code;
}

static CURLcode
set_blob(CURL *easy, CURLoption option, char *pem)
{
    struct curl_blob blob = {.data = pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY};

    return curl_easy_setopt(easy, option, &blob);
}

static CURLcode
setup_method(CURL *easy, const struct http_call *call, struct http_wire *w)
{
    if (w->body) {
        /* Read by a callback that cannot rewind: curl then never sends a body twice by itself when a connection broke. */
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)w->body_len);
        (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        (void)curl_easy_setopt(easy, CURLOPT_READDATA, w);
    }
    return curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call->method);
}

static CURLcode
setup_limits(CURL *easy, const struct http_call *call)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)call->timeout_ms);

    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
    (void)curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
    return code;
}

static int
on_socket_made(void *user, curl_socket_t fd, curlsocktype purpose)
{
    unsigned ms = UNACKED_MAX_MS;

    (void)user;
    (void)purpose;
    /* Without it a vanished peer is noticed only by the keepalive, which does not run while data is unacknowledged. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
    return CURL_SOCKOPT_OK;
}

static size_t
on_read(char *buf, size_t size, size_t n, void *user)
{
    struct http_wire *w = user;
    size_t room = size * n;

    if (http_wire_is_late(w)) {
        return CURL_READFUNC_ABORT;
    }
    size_t len = w->body_len - w->body_sent;

    len = len < room ? len : room;
    memcpy(buf, w->body + w->body_sent, len);
    w->body_sent += len;
    return len;
}

static void
add_header(struct http_wire *w, const char *name, const char *value)
{
    AUTO(freep) char *line = xasprintf("%s: %s", name, value);
    struct curl_slist *list = curl_slist_append(w->headers, line);

    BUG_ON(!list);
    w->headers = list;
    explicit_bzero(line, strlen(line));
}

/* "https://host:port/path" into "host:port" and a borrowed "/path" or "". */
static void
split_server(const char *server, char **ret_authority, const char **ret_path)
{
    const char *host = server + strlen("https://");
    size_t len = strcspn(host, "/");

    *ret_authority = xstrndup(host, len);
    *ret_path = host + len;
}
