// Any JSON as the ConfigMap that tells of the API server's proxy: refused with the key that is at fault, or a configuration that makes a store.
#include "fuzz.h"

#include "serve/api/front_proxy_config.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(json_freep) json_t *map = NULL;
    AUTO(front_proxy_config_freep) struct front_proxy_config *c = NULL;
    AUTO(err_freep) struct err *e = json_part(size > 0 ? (const char *)data : "", size, NULL, &map);

    if (e) {
        return 0;
    }
    AUTO(err_freep) struct err *bad = front_proxy_config_read(map, &c);
    BUG_ON(!bad != (c != NULL));
    BUG_ON(bad && err_class(bad) != ERR_INVALID);
    if (c) {
        X509_STORE_free(front_proxy_config_store(c));
        BUG_ON(c->user_headers.n == 0 || !front_proxy_config_equal(c, c));
        (void)front_proxy_may_speak(c, "front-proxy-client");
    }
    return 0;
}
