// A token is wiped before its memory is given back.
#include "bearer.h"

#include "base/clock.h"
#include "base/log.h"

enum { TOKEN_AGE_MS = 60000 };

static const struct log bearer_log = {.part = "kube"};

static void
wipe(char *token)
{
    if (token) {
        explicit_bzero(token, strlen(token));
    }
    free(token);
}

struct err *
bearer_refresh(struct bearer *b)
{
    int64_t now = clock_mono_ms();
    char *token = NULL;

    if (b->read_ms > 0 && (!b->config->token_file || now - b->read_ms < TOKEN_AGE_MS)) {
        return NULL;
    }
    struct err *e = kube_config_token(b->config, &token);
    if (e && !b->token) {
        return e;
    }
    if (e) {
        log_warn(&bearer_log, "token cannot be read again, the last one stays in use", F_ERR(e));
        err_free(e);
    } else {
        wipe(b->token);
        b->token = token;
    }
    b->read_ms = now;
    return NULL;
}

void
bearer_forget(struct bearer *b)
{
    b->read_ms = 0;
}

void
bearer_fini(struct bearer *b)
{
    wipe(b->token);
    b->token = NULL;
}
