// Two reasons of the kubelet.
#include "reconcile/pod/pod_events.h"

#include "base/strbuf.h"

char *
pod_events_warnings(const json_t *events)
{
    static const char *const reasons[] = {"FailedMount", "FailedToRetrieveImagePullSecret"};
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(POD_WARNINGS_MAX);
    size_t i;
    json_t *event;

    json_array_foreach(json_object_get(events, "items"), i, event) {
        const char *message = json_str(event, "message");
        for (size_t k = 0; message && k < ARRAY_LEN(reasons); k++) {
            if (str_eq(json_str(event, "reason"), reasons[k])) {
                (void)strbuf_addf(&text, "%s\n", message); /* what finds no room is read when the others are mended */
            }
        }
    }
    return xstrdup(strbuf_str(&text));
}
