// Any text as a kubeconfig: refused with a reason, or complete. File names in it lead to a folder that does not exist.
#include "fuzz.h"

#include "kube/kube_config.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kube_config *c = NULL;
    struct err *e = kube_config_parse((const char *)data, size, "/nonexistent", &c);

    BUG_ON(!e != (c != NULL));
    if (c) {
        BUG_ON(!str_starts(c->server, "https://") || !c->namespace);
        BUG_ON(!c->client_crt_pem != !c->client_key_pem);
        BUG_ON(c->insecure && c->ca_pem);
    }
    err_free(e);
    kube_config_free(c);
    return 0;
}
