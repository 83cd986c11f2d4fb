// Whom the API server's proxy is known by, and in which headers it names its users: ConfigMap kube-system/extension-apiserver-authentication,
// read again every minute, and soon when somebody shows a certificate that is not trusted. Loop thread only.
#ifndef VMB_FRONT_PROXY_H
#define VMB_FRONT_PROXY_H

#include <openssl/x509.h>

#include "kube/request.h"
#include "serve/api/front_proxy_config.h"

struct front_proxy;

/* Called for the first configuration and at each change; 'config' is borrowed until the next call. The callee takes 'store'. */
typedef void front_proxy_fn(void *arg, const struct front_proxy_config *config, X509_STORE *store);

MUST_CHECK struct front_proxy *front_proxy_new(uv_loop_t *loop, struct kube *kube, front_proxy_fn *changed, void *arg);
/* Somebody is not trusted: perhaps the CA was replaced. Reads again, at most once in ten seconds. */
void front_proxy_look(struct front_proxy *f);
const struct front_proxy_config *front_proxy_current(const struct front_proxy *f); /* NULL: not read yet */
/* Before kube_close; the memory goes when the loop has closed the handles. NULL is nothing. */
void front_proxy_close(struct front_proxy *f);

#endif
