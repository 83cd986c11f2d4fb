// Reads kubeconfig files and a pod's own credentials. What it cannot honour it refuses with a sentence; it never runs programs.
#include "kube_config.h"

#include "base/strbuf.h"
#include "base/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20 };

struct refusal {
    const char *field;
    const char *way_out;
};

static const struct refusal user_refusals[] = {
    {"exec", "credential plugins are not run; use a client certificate, token or tokenFile"},
    {"auth-provider", "auth providers are gone from Kubernetes; use a client certificate, token or tokenFile"},
    {"username", "basic authentication is not supported; use a client certificate, token or tokenFile"},
    {"password", "basic authentication is not supported; use a client certificate, token or tokenFile"},
    {"as", "impersonation is not supported; use the credentials of the user itself"},
};

static const struct refusal cluster_refusals[] = {
    {"proxy-url", "proxies are not supported; name an address that is reached directly"},
};

static struct err *config_read(const json_t *doc, const char *dir, struct kube_config *c);
static struct err *find_named(const json_t *doc, const char *list, const char *key, const char *name,
                              const json_t **ret_entry);
static struct err *cluster_read(const json_t *cluster, const char *dir, struct kube_config *c);
static struct err *user_read(const json_t *user, const char *dir, struct kube_config *c);
static struct err *token_read(const json_t *user, const char *dir, struct kube_config *c);
static struct err *pem_read(const json_t *j, const char *field, const char *dir, char **ret_pem);
static struct err *refuse(const json_t *j, const struct refusal *rows, size_t n);
static struct err *string_at(const json_t *j, const char *field, const char **ret_text);
static struct err *server_check(const char *server);
static struct err *base64_decode(const char *text, char **ret_bytes);
static struct err *file_read(const char *path, char **ret_text, size_t *ret_len);
static char *path_join(const char *dir, const char *path);
static char *trimmed(const char *s, const char *drop);
static void secret_free(char *s);

struct err *
kube_config_load(const char *path, struct kube_config **ret_config)
{
    AUTO(freep) char *text = NULL;
    size_t len = 0;
    const char *slash = strrchr(path, '/');
    AUTO(freep) char *dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    struct err *e = file_read(path, &text, &len);

    if (!e) {
        e = kube_config_parse(text, len, dir, ret_config);
    }
    return err_wrap(e, "kubeconfig %s", path);
}

struct err *
kube_config_parse(const char *text, size_t len, const char *dir, struct kube_config **ret_config)
{
    AUTO(json_freep) json_t *docs = NULL;
    AUTO(kube_config_freep) struct kube_config *c = XNEW(struct kube_config);
    struct err *e = yaml_parse(text, len, FILE_MAX_BYTES, &docs);

    if (e) {
        return e;
    }
    const json_t *doc = json_array_get(docs, 0);
    if (json_array_size(docs) != 1 || !json_is_object(doc)) {
        return err_new(ERR_INVALID, "not a kubeconfig: it must be one YAML mapping with clusters, users and contexts");
    }
    e = config_read(doc, dir, c);
    if (!e) {
        *ret_config = STEAL(c);
    }
    return e;
}

struct err *
kube_config_in_cluster(const char *env_host, const char *env_port, const char *secrets_dir,
                       struct kube_config **ret_config)
{
    AUTO(kube_config_freep) struct kube_config *c = XNEW(struct kube_config);
    AUTO(freep) char *ca = path_join(secrets_dir, "ca.crt");
    AUTO(freep) char *space = path_join(secrets_dir, "namespace");
    AUTO(freep) char *token = NULL;
    AUTO(freep) char *name = NULL;

    if (str_empty(env_host) || str_empty(env_port)) {
        return err_new(ERR_INVALID, "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no pod; "
                                    "give a kubeconfig file");
    }
    bool is_bare_ip6 = strchr(env_host, ':') && env_host[0] != '[';
    c->server = xasprintf(is_bare_ip6 ? "https://[%s]:%s" : "https://%s:%s", env_host, env_port);
    c->token_file = path_join(secrets_dir, "token");
    struct err *e = file_read(ca, &c->ca_pem, NULL);
    if (!e) {
        e = file_read(c->token_file, &token, NULL);
    }
    if (e) {
        return err_wrap(e, "service account of this pod");
    }
    explicit_bzero(token, strlen(token));
    struct err *no_name = file_read(space, &name, NULL);
    c->namespace = no_name ? xstrdup("default") : trimmed(name, " \t\r\n");
    err_free(no_name); /* a projected token without the namespace file still serves */
    *ret_config = STEAL(c);
    return NULL;
}

struct err *
kube_config_token(const struct kube_config *c, char **ret_token)
{
    AUTO(freep) char *text = NULL;

    if (!c->token_file) {
        *ret_token = c->token ? xstrdup(c->token) : NULL;
        return NULL;
    }
    struct err *e = file_read(c->token_file, &text, NULL);
    if (e) {
        return err_wrap(e, "token");
    }
    char *token = trimmed(text, " \t\r\n");
    explicit_bzero(text, strlen(text));
    if (!*token || strpbrk(token, "\r\n\t ")) {
        secret_free(token);
        return err_new(ERR_RETRY, "token file %s does not hold one token", c->token_file);
    }
    *ret_token = token;
    return NULL;
}

void
kube_config_free(struct kube_config *c)
{
    if (!c) {
        return;
    }
    free(c->server);
    free(c->ca_pem);
    free(c->client_crt_pem);
    secret_free(c->client_key_pem);
    secret_free(c->token);
    free(c->token_file);
    free(c->tls_server_name);
    free(c->namespace);
    free(c);
}

void
kube_config_freep(struct kube_config **c)
{
    kube_config_free(*c);
}

static struct err *
config_read(const json_t *doc, const char *dir, struct kube_config *c)
{
    const json_t *context = NULL;
    const json_t *cluster = NULL;
    const json_t *user = NULL;
    const char *current = NULL;
    const char *space = NULL;
    struct err *e = string_at(doc, "current-context", &current);

    if (!e && str_empty(current)) {
        e = err_new(ERR_INVALID, "current-context is not set; choose one with kubectl config use-context NAME");
    }
    if (!e) {
        e = find_named(doc, "contexts", "context", current, &context);
    }
    if (!e) {
        e = find_named(doc, "clusters", "cluster", json_str(context, "cluster"), &cluster);
    }
    if (!e) {
        e = cluster_read(cluster, dir, c);
    }
    if (!e && json_str(context, "user")) {
        e = find_named(doc, "users", "user", json_str(context, "user"), &user);
        if (!e) {
            e = user_read(user, dir, c);
        }
    }
    if (!e) {
        e = string_at(context, "namespace", &space);
    }
    if (!e) {
        c->namespace = xstrdup(str_empty(space) ? "default" : space);
    }
    return e;
}

/* Borrowed value of 'key' in the entry of doc.'list' that bears the name. */
static struct err *
find_named(const json_t *doc, const char *list, const char *key, const char *name, const json_t **ret_entry)
{
    const json_t *entries = json_object_get(doc, list);

    for (size_t i = 0; name && i < json_array_size(entries); i++) {
        const json_t *entry = json_array_get(entries, i);
        if (!str_eq(json_str(entry, "name"), name)) {
            continue;
        }
        *ret_entry = json_object_get(entry, key);
        if (!json_is_object(*ret_entry)) {
            return err_new(ERR_INVALID, "%s[%zu].%s of \"%s\" is not a mapping", list, i, key, name);
        }
        return NULL;
    }
    return err_new(ERR_INVALID, "%s has no entry named \"%s\"", list, name ? name : "");
}

static struct err *
cluster_read(const json_t *cluster, const char *dir, struct kube_config *c)
{
    const char *server = NULL;
    const char *tls_name = NULL;
    struct err *e = refuse(cluster, cluster_refusals, ARRAY_LEN(cluster_refusals));

    if (!e) {
        e = string_at(cluster, "server", &server);
    }
    if (!e) {
        e = server_check(server);
    }
    if (!e) {
        c->server = trimmed(server, "/");
        e = string_at(cluster, "tls-server-name", &tls_name);
    }
    if (!e) {
        c->tls_server_name = str_empty(tls_name) ? NULL : xstrdup(tls_name);
        c->insecure = json_bool(cluster, "insecure-skip-tls-verify", false);
        e = pem_read(cluster, "certificate-authority", dir, &c->ca_pem);
    }
    if (!e && c->insecure && c->ca_pem) {
        e = err_new(ERR_INVALID,
                    "insecure-skip-tls-verify and certificate-authority exclude each other; keep the second");
    }
    return e;
}

static struct err *
user_read(const json_t *user, const char *dir, struct kube_config *c)
{
    struct err *e = refuse(user, user_refusals, ARRAY_LEN(user_refusals));

    if (!e) {
        e = pem_read(user, "client-certificate", dir, &c->client_crt_pem);
    }
    if (!e) {
        e = pem_read(user, "client-key", dir, &c->client_key_pem);
    }
    if (!e && !c->client_crt_pem != !c->client_key_pem) {
        e = err_new(ERR_INVALID, "client-certificate and client-key must both be given, or neither");
    }
    return e ? e : token_read(user, dir, c);
}

static struct err *
token_read(const json_t *user, const char *dir, struct kube_config *c)
{
    const char *token = NULL;
    const char *file = NULL;
    struct err *e = string_at(user, "token", &token);

    if (!e) {
        e = string_at(user, "tokenFile", &file);
    }
    if (e) {
        return e;
    }
    if (!str_empty(file)) {
        AUTO(freep) char *now = NULL;
        c->token_file = path_join(dir, file);
        e = kube_config_token(c, &now);
        if (now) {
            explicit_bzero(now, strlen(now));
        }
        return e;
    }
    if (!str_empty(token) && strpbrk(token, " \t\r\n")) {
        return err_new(ERR_INVALID, "token must be one word");
    }
    c->token = str_empty(token) ? NULL : xstrdup(token);
    return NULL;
}

/* PEM text of '<field>-data' (base64) or of the file that '<field>' names; NULL when neither stands there. */
static struct err *
pem_read(const json_t *j, const char *field, const char *dir, char **ret_pem)
{
    AUTO(freep) char *data_field = xasprintf("%s-data", field);
    const char *data = NULL;
    const char *file = NULL;
    char *pem = NULL;
    struct err *e = string_at(j, data_field, &data);

    if (!e) {
        e = string_at(j, field, &file);
    }
    if (!e && !str_empty(data)) {
        e = err_wrap(base64_decode(data, &pem), "%s", data_field);
    } else if (!e && !str_empty(file)) {
        AUTO(freep) char *path = path_join(dir, file);
        e = err_wrap(file_read(path, &pem, NULL), "%s", field);
    }
    if (!e && pem && !strstr(pem, "-----BEGIN ")) {
        secret_free(pem);
        pem = NULL;
        e = err_new(ERR_INVALID, "%s is not PEM", field);
    }
    if (!e) {
        *ret_pem = pem;
    }
    return e;
}

static struct err *
refuse(const json_t *j, const struct refusal *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *v = json_object_get(j, rows[i].field);
        if (v && !json_is_null(v)) {
            return err_new(ERR_INVALID, "%s: %s", rows[i].field, rows[i].way_out);
        }
    }
    return NULL;
}

/* Borrowed string of a field, NULL when it is absent or null. */
static struct err *
string_at(const json_t *j, const char *field, const char **ret_text)
{
    const json_t *v = json_object_get(j, field);

    if (v && !json_is_null(v) && !json_is_string(v)) {
        return err_new(ERR_INVALID, "%s is not a string", field);
    }
    *ret_text = json_string_value(v);
    return NULL;
}

static struct err *
server_check(const char *server)
{
    if (str_empty(server)) {
        return err_new(ERR_INVALID, "server is not set");
    }
    const char *host = str_starts(server, "https://") ? server + strlen("https://") : "";
    if (!*host || strchr("/:", *host)) {
        return err_new(ERR_INVALID, "server \"%s\" must begin with https:// and name a host", server);
    }
    if (strpbrk(server, " \t\r\n@?#")) {
        return err_new(ERR_INVALID, "server must be https://host:port and may have a path, nothing else");
    }
    return NULL;
}

static struct err *
base64_decode(const char *text, char **ret_bytes)
{
    size_t len = strlen(text);
    AUTO(freep) char *bytes = xcalloc(1, len + 1);
    EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
    int n = 0;
    int rest = 0;

    BUG_ON(!ctx || len > FILE_MAX_BYTES);
    EVP_DecodeInit(ctx);
    bool ok = EVP_DecodeUpdate(ctx, (unsigned char *)bytes, &n, (const unsigned char *)text, (int)len) >= 0 &&
              EVP_DecodeFinal(ctx, (unsigned char *)bytes + n, &rest) == 1;
    EVP_ENCODE_CTX_free(ctx);
    if (!ok || strlen(bytes) != (size_t)n + (size_t)rest) {
        explicit_bzero(bytes, len);
        return err_new(ERR_INVALID, "not base64 of a text");
    }
    *ret_bytes = STEAL(bytes);
    return NULL;
}

/* Whole file as text, at most FILE_MAX_BYTES. */
static struct err *
file_read(const char *path, char **ret_text, size_t *ret_len)
{
    AUTO(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(FILE_MAX_BYTES);
    char chunk[4096];

    if (fd < 0) {
        return err_new(ERR_INVALID, "cannot open %s: %s", path, strerrordesc_np(errno));
    }
    for (;;) {
        ssize_t n = read(fd, chunk, sizeof(chunk));
        if (n < 0 && errno != EINTR) {
            return err_new(ERR_INVALID, "cannot read %s: %s", path, strerrordesc_np(errno));
        }
        if (n == 0) {
            break;
        }
        if (n > 0 && !strbuf_add(&sb, chunk, (size_t)n)) {
            return err_new(ERR_INVALID, "%s is larger than %d bytes", path, FILE_MAX_BYTES);
        }
    }
    explicit_bzero(chunk, sizeof(chunk));
    if (ret_len) {
        *ret_len = sb.len;
    }
    *ret_text = strbuf_steal(&sb);
    return NULL;
}

static char *
path_join(const char *dir, const char *path)
{
    return path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", dir, path);
}

/* Copy without the characters of 'drop' at its end (and blanks at its start). */
static char *
trimmed(const char *s, const char *drop)
{
    s += strspn(s, " \t\r\n");
    size_t len = strlen(s);
    while (len > 0 && strchr(drop, s[len - 1])) {
        len--;
    }
    return xstrndup(s, len);
}

static void
secret_free(char *s)
{
    if (s) {
        explicit_bzero(s, strlen(s));
        free(s);
    }
}
