// Where the API server is and how to prove who we are: a kubeconfig file, or what a pod finds in its file system.
#ifndef VMB_KUBE_CONFIG_H
#define VMB_KUBE_CONFIG_H

#include "base/err.h"

struct kube_config {
    char *server;         /* "https://host:port", no slash at the end */
    char *ca_pem;         /* NULL: the system's certificates */
    char *client_crt_pem; /* with client_key_pem, or both NULL */
    char *client_key_pem;
    char *token;           /* fixed bearer token, or NULL */
    char *token_file;      /* bearer token that rotates: read again when it is older than a minute; or NULL */
    char *tls_server_name; /* name to check in the certificate when it is not the host, or NULL */
    char *namespace;       /* of the context or of the pod; "default" when neither says */
    bool insecure;         /* insecure-skip-tls-verify: true; logged as a warning at start */
};

/* Reads the kubeconfig at 'path', its current context. 'path' NULL: $KUBECONFIG is the caller's business; the pod's own
 * files under /var/run/secrets/kubernetes.io/serviceaccount and KUBERNETES_SERVICE_HOST/_PORT given in 'env_host', 'env_port'.
 * Errors: ERR_INVALID names the file and the field; exec plugins and auth providers are refused with a sentence that says what works. */
MUST_CHECK struct err *kube_config_load(const char *path, struct kube_config **ret_config);
MUST_CHECK struct err *kube_config_in_cluster(const char *env_host, const char *env_port, const char *secrets_dir,
                                              struct kube_config **ret_config);
/* Parses kubeconfig text; relative file names in it are relative to 'dir'. */
MUST_CHECK struct err *kube_config_parse(const char *text, size_t len, const char *dir, struct kube_config **ret_config);

/* The bearer token as it is now: of token_file when there is one, else a copy of the fixed one, NULL when there is none.
 * The caller owns it. Errors: ERR_RETRY or ERR_INVALID when the file cannot be read or holds no token. */
MUST_CHECK struct err *kube_config_token(const struct kube_config *c, char **ret_token);

void kube_config_free(struct kube_config *c);
void kube_config_freep(struct kube_config **c);

#endif
