// The device is let go at once; the WebSocket with a close frame, when libwebsockets is not in a callback.
#include "streams/stream_end.h"

#include <unistd.h>
#include <utlist.h>

static void
release(struct stream *s)
{
    if (--s->n_refs == 0) {
        strbuf_fini(&s->pending);
        free(s->path);
        free(s);
    }
}

static void
on_poll_closed(uv_handle_t *h)
{
    release(h->data);
}

static void
on_part(uv_timer_t *t)
{
    struct streams *all = t->data;

    /* From outside of its callbacks libwebsockets sends the close frame before it closes. */
    while (all->parting) {
        struct stream *s = all->parting;

        DL_DELETE(all->parting, s);
        if (s->is_up) {
            lws_rx_flow_control(s->wsi, 1); /* for the answer */
            lws_close_reason(s->wsi, s->code, (unsigned char *)(uintptr_t)s->words, strlen(s->words));
        }
        lws_set_timeout(s->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
    }
}

void
stream_end(struct stream *s, enum lws_close_status code, const char *words)
{
    struct streams *all = s->all;

    if (s->is_over) {
        return;
    }
    s->is_over = true;
    s->code = code;
    s->words = words;
    log_debug(all->o.log, "a stream has ended", F_STR("why", words));
    DL_DELETE(all->first, s);
    (void)uv_poll_stop(&s->poll);
    close(s->fd); /* at once: a device has room for one, and the next may come now */
    uv_close((uv_handle_t *)&s->poll, on_poll_closed);
    if (s->wsi) {
        DL_APPEND(all->parting, s);
        uv_timer_start(&all->part, on_part, 0, 0);
    }
}

void
stream_lost(struct stream *s, const char *words)
{
    struct stream *waits;

    if (words) {
        log_warn(s->all->o.log, "a stream cannot be dialled", F_STR("error", words));
    }
    DL_FOREACH(s->all->parting, waits) {
        if (waits == s) {
            DL_DELETE(s->all->parting, s);
            break;
        }
    }
    s->wsi = NULL;
    stream_end(s, LWS_CLOSE_STATUS_NORMAL, "the replica has closed the stream");
    release(s);
}

void
stream_end_init(struct streams *all)
{
    BUG_ON(uv_timer_init(all->o.loop, &all->part) != 0);
    all->part.data = all;
}
