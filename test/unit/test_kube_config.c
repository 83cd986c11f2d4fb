// Kubeconfig files as tools write them, and what a pod finds.
#include "kube/kube_config.h"

#include <check.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEM "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
#define PEM_BASE64 "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUIKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="

#define HEAD "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
#define CONTEXT \
    "contexts:\n- name: other\n  context: {cluster: x, user: x}\n- name: c\n  context: {cluster: k, user: u}\n"
#define CLUSTER(text) "clusters:\n- name: k\n  cluster: {" text "}\n"
#define USER(text) "users:\n- name: u\n  user: {" text "}\n"
#define SERVER "server: 'https://api.example:6443'"

struct files {
    char dir[64];
};

static void
put(const struct files *f, const char *name, const char *text)
{
    AUTO(freep) char *path = xasprintf("%s/%s", f->dir, name);
    AUTO(fclosep) FILE *file = fopen(path, "we");

    ck_assert(file);
    ck_assert_int_ge(fputs(text, file), 0);
}

static void
files_make(struct files *f)
{
    (void)snprintf(f->dir, sizeof(f->dir), "/tmp/vmbridge-config-XXXXXX");
    ck_assert(mkdtemp(f->dir));
    AUTO(freep) char *sub = xasprintf("%s/sub", f->dir);
    ck_assert_int_eq(mkdir(sub, 0700), 0);
    put(f, "ca.crt", PEM);
    put(f, "sub/user.crt", PEM);
    put(f, "sub/user.key", PEM);
    put(f, "token", "  secret-1\n");
    put(f, "two", "one two\n");
    put(f, "empty", "\n");
    put(f, "namespace", "vm-space\n");
}

static void
files_drop(const struct files *f)
{
    static const char *const names[] = {"ca.crt", "sub/user.crt", "sub/user.key", "sub",   "token",
                                        "two",    "empty",        "namespace",    "config"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(freep) char *path = xasprintf("%s/%s", f->dir, names[i]);
        (void)remove(path);
    }
    ck_assert_int_eq(rmdir(f->dir), 0);
}

static const struct {
    const char *name;
    const char *text;
    const char *want_server;
    const char *want_ca;
    const char *want_key;
    const char *want_token; /* as kube_config_token gives it */
    const char *want_space;
    const char *want_tls_name;
    bool want_insecure;
} good[] = {
    {"certificates as data",
     HEAD CONTEXT CLUSTER(SERVER ", certificate-authority-data: " PEM_BASE64)
         USER("client-certificate-data: " PEM_BASE64 ", client-key-data: " PEM_BASE64),
     "https://api.example:6443", PEM, PEM, NULL, "default", NULL, false},
    {"certificates as files, relative to the kubeconfig",
     HEAD CONTEXT CLUSTER(SERVER ", certificate-authority: ca.crt")
         USER("client-certificate: sub/user.crt, client-key: sub/user.key"),
     "https://api.example:6443", PEM, PEM, NULL, "default", NULL, false},
    {"data goes before a file",
     HEAD CONTEXT CLUSTER(SERVER ", certificate-authority: missing, certificate-authority-data: " PEM_BASE64)
         USER("token: t"),
     "https://api.example:6443", PEM, NULL, "t", "default", NULL, false},
    {"a token", HEAD CONTEXT CLUSTER(SERVER) USER("token: abc.def"), "https://api.example:6443", NULL, NULL, "abc.def",
     "default", NULL, false},
    {"a token file", HEAD CONTEXT CLUSTER(SERVER) USER("tokenFile: token"), "https://api.example:6443", NULL, NULL,
     "secret-1", "default", NULL, false},
    {"a token file goes before a token", HEAD CONTEXT CLUSTER(SERVER) USER("token: old, tokenFile: token"),
     "https://api.example:6443", NULL, NULL, "secret-1", "default", NULL, false},
    {"no user", HEAD "contexts:\n- name: c\n  context: {cluster: k}\n" CLUSTER(SERVER), "https://api.example:6443",
     NULL, NULL, NULL, "default", NULL, false},
    {"a namespace", HEAD "contexts:\n- name: c\n  context: {cluster: k, namespace: apps}\n" CLUSTER(SERVER),
     "https://api.example:6443", NULL, NULL, NULL, "apps", NULL, false},
    {"a slash at the end goes", HEAD CONTEXT CLUSTER("server: 'https://api.example/k8s/c1//'") USER("token: t"),
     "https://api.example/k8s/c1", NULL, NULL, "t", "default", NULL, false},
    {"another TLS name", HEAD CONTEXT CLUSTER(SERVER ", tls-server-name: kubernetes") USER("token: t"),
     "https://api.example:6443", NULL, NULL, "t", "default", "kubernetes", false},
    {"an unchecked server", HEAD CONTEXT CLUSTER(SERVER ", insecure-skip-tls-verify: true") USER("token: t"),
     "https://api.example:6443", NULL, NULL, "t", "default", NULL, true},
    {"JSON",
     "{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\",\"user\":\"u\"}}],"
     "\"clusters\":[{"
     "\"name\":\"k\",\"cluster\":{\"server\":\"https://"
     "[::1]:6443\"}}],\"users\":[{\"name\":\"u\",\"user\":{\"token\":\"t\"}}]}",
     "https://[::1]:6443", NULL, NULL, "t", "default", NULL, false},
};

START_TEST(good_files_are_read)
{
    struct files f;
    struct kube_config *c = NULL;
    char *token = NULL;

    files_make(&f);
    struct err *e = kube_config_parse(good[_i].text, strlen(good[_i].text), f.dir, &c);
    ck_assert_msg(!e, "%s: %s", good[_i].name, e ? err_text(e) : "");
    ck_assert_str_eq(c->server, good[_i].want_server);
    ck_assert_msg(str_eq(c->ca_pem, good[_i].want_ca), "%s: ca", good[_i].name);
    ck_assert_msg(str_eq(c->client_key_pem, good[_i].want_key), "%s: key", good[_i].name);
    ck_assert_msg(str_eq(c->client_crt_pem, good[_i].want_key), "%s: certificate", good[_i].name);
    ck_assert_msg(str_eq(c->namespace, good[_i].want_space), "%s: namespace", good[_i].name);
    ck_assert_msg(str_eq(c->tls_server_name, good[_i].want_tls_name), "%s: TLS name", good[_i].name);
    ck_assert_msg(c->insecure == good[_i].want_insecure, "%s: insecure", good[_i].name);
    e = kube_config_token(c, &token);
    ck_assert_msg(!e && str_eq(token, good[_i].want_token), "%s: token", good[_i].name);
    free(token);
    kube_config_free(c);
    files_drop(&f);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    const char *want; /* part of the error's text */
} bad[] = {
    {"bad YAML", "a: [", "not YAML"},
    {"nothing", "", "not a kubeconfig"},
    {"a list", "[]", "not a kubeconfig"},
    {"two documents", "{}\n---\n{}\n", "not a kubeconfig"},
    {"no current context", CONTEXT CLUSTER(SERVER) USER("token: t"), "current-context"},
    {"a context that is a number", "current-context: 1\n", "current-context is not a string"},
    {"a missing context", HEAD "contexts: []\n", "contexts has no entry named \"c\""},
    {"a missing cluster", HEAD CONTEXT USER("token: t"), "clusters has no entry named \"k\""},
    {"a missing user", HEAD CONTEXT CLUSTER(SERVER), "users has no entry named \"u\""},
    {"an empty cluster", HEAD CONTEXT "clusters:\n- name: k\n" USER("token: t"), "clusters[0].cluster"},
    {"no server", HEAD CONTEXT CLUSTER("") USER("token: t"), "server is not set"},
    {"a server without TLS", HEAD CONTEXT CLUSTER("server: 'http://api.example'") USER("token: t"), "https://"},
    {"a server without a host", HEAD CONTEXT CLUSTER("server: 'https:////'") USER("token: t"), "name a host"},
    {"a server that is a port", HEAD CONTEXT CLUSTER("server: 'https://:6443'") USER("token: t"), "name a host"},
    {"a server with a user", HEAD CONTEXT CLUSTER("server: 'https://u@api.example'") USER("token: t"), "server must be"},
    {"a proxy", HEAD CONTEXT CLUSTER(SERVER ", proxy-url: 'http://p'") USER("token: t"), "proxy-url"},
    {"a credential plugin", HEAD CONTEXT CLUSTER(SERVER) USER("exec: {command: aws}"), "credential plugins are not run"},
    {"an auth provider", HEAD CONTEXT CLUSTER(SERVER) USER("auth-provider: {name: gcp}"), "auth-provider"},
    {"a password", HEAD CONTEXT CLUSTER(SERVER) USER("username: u, password: p"), "basic authentication"},
    {"impersonation", HEAD CONTEXT CLUSTER(SERVER) USER("token: t, as: root"), "impersonation"},
    {"a certificate without its key", HEAD CONTEXT CLUSTER(SERVER) USER("client-certificate: ca.crt"), "both be given"},
    {"a missing file", HEAD CONTEXT CLUSTER(SERVER ", certificate-authority: none.crt") USER("token: t"), "none.crt"},
    {"a file that is no PEM", HEAD CONTEXT CLUSTER(SERVER ", certificate-authority: token") USER("token: t"),
     "is not PEM"},
    {"data that is no base64", HEAD CONTEXT CLUSTER(SERVER ", certificate-authority-data: '!!'") USER("token: t"),
     "not base64"},
    {"data that ends early", HEAD CONTEXT CLUSTER(SERVER ", certificate-authority-data: LS0tL") USER("token: t"),
     "not base64"},
    {"data with a NUL in it", HEAD CONTEXT CLUSTER(SERVER ", certificate-authority-data: AAAA") USER("token: t"),
     "not base64"},
    {"a token of two words", HEAD CONTEXT CLUSTER(SERVER) USER("token: 'a b'"), "one word"},
    {"a token file of two words", HEAD CONTEXT CLUSTER(SERVER) USER("tokenFile: two"), "one token"},
    {"an empty token file", HEAD CONTEXT CLUSTER(SERVER) USER("tokenFile: empty"), "one token"},
    {"a missing token file", HEAD CONTEXT CLUSTER(SERVER) USER("tokenFile: none"), "none"},
    {"an authority that is not used",
     HEAD CONTEXT CLUSTER(SERVER ", insecure-skip-tls-verify: true, certificate-authority: ca.crt") USER("token: t"),
     "exclude each other"},
};

START_TEST(bad_files_are_refused_with_a_reason)
{
    struct files f;
    struct kube_config *c = NULL;

    files_make(&f);
    struct err *e = kube_config_parse(bad[_i].text, strlen(bad[_i].text), f.dir, &c);
    ck_assert_msg(e && !c, "%s: taken", bad[_i].name);
    ck_assert_msg(strstr(err_text(e), bad[_i].want), "%s: %s", bad[_i].name, err_text(e));
    ck_assert_msg(!strstr(err_text(e), "secret"), "%s: a secret in the text", bad[_i].name);
    err_free(e);
    files_drop(&f);
}
END_TEST

START_TEST(a_file_is_read_and_named_in_errors)
{
    struct files f;
    struct kube_config *c = NULL;

    files_make(&f);
    AUTO(freep) char *path = xasprintf("%s/config", f.dir);
    put(&f, "config", HEAD CONTEXT CLUSTER(SERVER ", certificate-authority: ca.crt") USER("tokenFile: token"));
    struct err *e = kube_config_load(path, &c);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    ck_assert_str_eq(c->ca_pem, PEM);
    kube_config_free(c);
    c = NULL;
    put(&f, "config", "a: [");
    e = kube_config_load(path, &c);
    ck_assert(e && strstr(err_text(e), path));
    err_free(e);
    e = kube_config_load("/nonexistent/config", &c);
    ck_assert(e && strstr(err_text(e), "/nonexistent/config"));
    err_free(e);
    files_drop(&f);
}
END_TEST

START_TEST(a_rotated_token_is_seen)
{
    struct files f;
    struct kube_config *c = NULL;
    char *token = NULL;

    files_make(&f);
    const char *text = HEAD CONTEXT CLUSTER(SERVER) USER("tokenFile: token");
    struct err *e = kube_config_parse(text, strlen(text), f.dir, &c);
    ck_assert(!e);
    put(&f, "token", "secret-2\n");
    e = kube_config_token(c, &token);
    ck_assert(!e);
    ck_assert_str_eq(token, "secret-2");
    free(token);
    kube_config_free(c);
    files_drop(&f);
}
END_TEST

static const struct {
    const char *name;
    const char *host;
    const char *port;
    const char *drop; /* a file that is missing */
    const char *want_server;
    const char *want_space;
    const char *want_error;
} pods[] = {
    {"a pod", "10.96.0.1", "443", NULL, "https://10.96.0.1:443", "vm-space", NULL},
    {"a pod with IPv6", "fd00::1", "443", NULL, "https://[fd00::1]:443", "vm-space", NULL},
    {"brackets are kept", "[fd00::1]", "443", NULL, "https://[fd00::1]:443", "vm-space", NULL},
    {"no namespace file", "10.96.0.1", "443", "namespace", "https://10.96.0.1:443", "default", NULL},
    {"no host", NULL, "443", NULL, NULL, NULL, "KUBERNETES_SERVICE_HOST"},
    {"no port", "10.96.0.1", "", NULL, NULL, NULL, "KUBERNETES_SERVICE_PORT"},
    {"no authority", "10.96.0.1", "443", "ca.crt", NULL, NULL, "ca.crt"},
    {"no token", "10.96.0.1", "443", "token", NULL, NULL, "token"},
};

START_TEST(a_pod_finds_its_server)
{
    struct files f;
    struct kube_config *c = NULL;

    files_make(&f);
    if (pods[_i].drop) {
        AUTO(freep) char *path = xasprintf("%s/%s", f.dir, pods[_i].drop);
        ck_assert_int_eq(unlink(path), 0);
    }
    struct err *e = kube_config_in_cluster(pods[_i].host, pods[_i].port, f.dir, &c);
    if (pods[_i].want_error) {
        ck_assert_msg(e && strstr(err_text(e), pods[_i].want_error), "%s: %s", pods[_i].name, e ? err_text(e) : "taken");
    } else {
        ck_assert_msg(!e, "%s: %s", pods[_i].name, e ? err_text(e) : "");
        ck_assert_str_eq(c->server, pods[_i].want_server);
        ck_assert_str_eq(c->namespace, pods[_i].want_space);
        ck_assert_str_eq(c->ca_pem, PEM);
    }
    err_free(e);
    kube_config_free(c);
    files_drop(&f);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("kube_config");
    TCase *t = tcase_create("config");

    tcase_add_loop_test(t, good_files_are_read, 0, ARRAY_LEN(good));
    tcase_add_loop_test(t, bad_files_are_refused_with_a_reason, 0, ARRAY_LEN(bad));
    tcase_add_test(t, a_file_is_read_and_named_in_errors);
    tcase_add_test(t, a_rotated_token_is_seen);
    tcase_add_loop_test(t, a_pod_finds_its_server, 0, ARRAY_LEN(pods));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
