// Any bytes as a message of a launcher or of the gateway: refused, or it decodes and can be written again.
#include "fuzz.h"

#include "api/kinds/launcher_request.h"

static void
check(const struct type *t, size_t size, const char *type, const json_t *j, struct arena *a)
{
    void *msg = arena_alloc(a, 1, size);
    AUTO(err_freep) struct err *e = api_decode(t, j, a, msg);

    if (!e) {
        AUTO(freep) char *text = launcher_msg_write(type, t, msg);
        json_t *again = NULL;
        const char *name = NULL;
        AUTO(err_freep) struct err *e2 = launcher_msg_parse(text, strlen(text), &again, &name);
        BUG_ON(e2 && strlen(text) <= LAUNCHER_MSG_MAX); /* escapes may make a text longer than it was */
        json_decref(again);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *j = NULL;
    const char *type = NULL;
    AUTO(err_freep) struct err *e = launcher_msg_parse(data ? (const char *)data : "", size, &j, &type);

    if (!e) {
        struct arena *a = arena_new(1 << 22);
        check(&launcher_state_type, sizeof(struct launcher_state), "state", j, a);
        check(&launcher_desired_type, sizeof(struct launcher_desired), "desired", j, a);
        check(&launcher_redirect_type, sizeof(struct launcher_redirect), "redirect", j, a);
        check(&launcher_hello_type, sizeof(struct launcher_hello), LAUNCHER_MSG_HELLO, j, a);
        check(&launcher_request_type, sizeof(struct launcher_request), LAUNCHER_MSG_REQUEST, j, a);
        check(&launcher_answer_type, sizeof(struct launcher_answer), LAUNCHER_MSG_ANSWER, j, a);
        arena_free(a);
        json_decref(j);
    }
    return 0;
}
