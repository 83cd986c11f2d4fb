// From status codes to error classes (docs/errors.md).
#include "answer.h"

struct err *
answer_error(const char *what, long status, const json_t *body)
{
    if (status >= 200 && status < 300) {
        return NULL;
    }
    const char *reason = answer_reason(body);
    const char *message = json_str(body, "message");
    return err_new(answer_class(status), "%s: %ld %s%s%s", what, status, reason, *reason ? ": " : "",
                   message ? message : "no message");
}

const char *
answer_reason(const json_t *body)
{
    const char *reason = str_eq(json_str(body, "kind"), "Status") ? json_str(body, "reason") : NULL;

    return reason ? reason : "";
}

enum err_class
answer_class(long status)
{
    switch (status) {
    case 400:
    case 422:
        return ERR_INVALID;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 410:
        return ERR_GONE;
    default: /* a number from outside, no enum of ours */
        return ERR_RETRY;
    }
}
