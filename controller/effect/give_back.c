// malloc_trim() some time after a number of news.
#include "effect/give_back.h"

#include <malloc.h>

enum {
    NEWS = 100,    /* after so many, */
    WAIT_MS = 5000 /* so long later: it costs milliseconds */
};

struct give_back {
    uv_timer_t timer;
    size_t n;
};

static void
on_timer(uv_timer_t *timer)
{
    struct give_back *g = CONTAINER_OF(timer, struct give_back, timer);

    g->n = 0;
    (void)malloc_trim(0); /* whether there was anything does not matter */
}

static void
on_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct give_back, timer));
}

struct give_back *
give_back_new(uv_loop_t *loop)
{
    struct give_back *g = XNEW(struct give_back);

    BUG_ON(uv_timer_init(loop, &g->timer) != 0);
    return g;
}

void
give_back_count(struct give_back *g, size_t n)
{
    g->n += n;
    if (g->n >= NEWS && !uv_is_active((uv_handle_t *)&g->timer)) {
        BUG_ON(uv_timer_start(&g->timer, on_timer, WAIT_MS, 0) != 0);
    }
}

void
give_back_close(struct give_back *g)
{
    if (g) {
        uv_close((uv_handle_t *)&g->timer, on_closed);
    }
}
