// Any bytes as YAML: refused with a reason, or a list of documents that can be written as JSON.
#include "fuzz.h"

#include "base/yaml.h"

enum { CAP_BYTES = 1 << 16 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(json_freep) json_t *documents = NULL;
    AUTO(err_freep) struct err *e = yaml_parse(data ? (const char *)data : "", size, CAP_BYTES, &documents);

    BUG_ON(!e != (documents != NULL));
    BUG_ON(e && (err_class(e) != ERR_INVALID || str_empty(err_text(e))));
    if (documents) {
        AUTO(freep) char *text = json_compact(documents);
        AUTO(json_freep) json_t *again = NULL;
        BUG_ON(!json_is_array(documents));
        AUTO(err_freep) struct err *e2 = json_part(text, strlen(text), NULL, &again);
        BUG_ON(e2);
    }
    return 0;
}
