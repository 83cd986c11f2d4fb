// The running controller: every stage, wired. Made by main.c, ends when the loop is empty.
#ifndef VMB_APP_H
#define VMB_APP_H

#include "base/err.h"
#include "options.h"

#include <uv.h>

struct app;

/* Builds the stages and starts them. Errors: ERR_INVALID for a kubeconfig that cannot be used; ERR_FATAL. */
MUST_CHECK struct err *app_new(uv_loop_t *loop, const struct options *options, const char *version,
                               struct app **ret_app);

/* Hands leadership back, ends all connections; the loop then runs empty. Again is harmless. */
void app_stop(struct app *a);

/* Why the app stopped by itself, or NULL. */
const char *app_failure(const struct app *a);

/* After the loop has run empty. */
void app_free(struct app *a);

#endif
