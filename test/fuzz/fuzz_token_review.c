// Any JSON as the answer to a TokenReview: it is refused, or it names a pod by names that objects can have.
#include "fuzz.h"

#include "serve/trust/token.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(json_freep) json_t *review = NULL;
    AUTO(token_identity_freep) struct token_identity *id = NULL;
    AUTO(err_freep) struct err *e = json_part(size > 0 ? (const char *)data : "", size, NULL, &review);

    if (!e) {
        e = token_review_read(review, GATEWAY_AUDIENCE, &id);
    }
    BUG_ON(!e != (id != NULL));
    if (id) {
        BUG_ON(str_empty(id->namespace) || str_empty(id->pod_name) || str_empty(id->pod_uid) ||
               str_empty(id->service_account));
        BUG_ON(strpbrk(id->namespace, "/ \n\"") || strpbrk(id->pod_name, "/ \n\"") || strpbrk(id->pod_uid, "/ \n\""));
    }
    return 0;
}
