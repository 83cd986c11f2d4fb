// Cuts a watch stream at its line ends. Keeps nothing but the unfinished line.
#include "watch_frame.h"

enum { KEEP_BYTES = 64 << 10 };

static void pending_drop(struct watch_frame *f);
static struct err *frame_emit(const char *text, size_t len, watch_frame_fn *fn, void *arg);
static struct err *frame_too_large(const struct watch_frame *f);

void
watch_frame_init(struct watch_frame *f, size_t max_bytes)
{
    f->pending = STRBUF_INIT(max_bytes);
}

void
watch_frame_fini(struct watch_frame *f)
{
    strbuf_fini(&f->pending);
}

struct err *
watch_frame_feed(struct watch_frame *f, const char *data, size_t len, watch_frame_fn *fn, void *arg)
{
    while (len > 0) {
        const char *end = memchr(data, '\n', len);
        size_t n = end ? (size_t)(end - data) : len;
        struct err *e = NULL;

        if (n > f->pending.max - f->pending.len) {
            return frame_too_large(f);
        }
        if (end && f->pending.len == 0) {
            e = frame_emit(data, n, fn, arg); /* whole in this piece: no copy */
        } else {
            BUG_ON(!strbuf_add(&f->pending, data, n));
            if (end) {
                e = frame_emit(f->pending.buf, f->pending.len, fn, arg);
                pending_drop(f);
            }
        }
        if (e) {
            return e;
        }
        n += end ? 1 : 0;
        data += n;
        len -= n;
    }
    return NULL;
}

/* One large object must not cost its size for the rest of the watch's life. */
static void
pending_drop(struct watch_frame *f)
{
    if (f->pending.size > KEEP_BYTES) {
        strbuf_fini(&f->pending);
    } else {
        strbuf_reset(&f->pending);
    }
}

static struct err *
frame_emit(const char *text, size_t len, watch_frame_fn *fn, void *arg)
{
    if (len > 0 && text[len - 1] == '\r') {
        len--;
    }
    return len > 0 ? fn(arg, text, len) : NULL;
}

static struct err *
frame_too_large(const struct watch_frame *f)
{
    return err_new(ERR_INVALID, "a watch event is larger than %zu bytes", f->pending.max);
}
