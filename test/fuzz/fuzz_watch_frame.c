// A watch stream, split where the first byte says, gives the frames that it gives whole; each is read as a watch event.
#include "fuzz.h"

#include "kube/watch_frame.h"
#include "kube/watch_line.h"

enum { CAP_BYTES = 200 };

struct frames {
    struct strbuf all;
};

static struct err *
on_frame(void *arg, const char *text, size_t len)
{
    struct frames *f = arg;
    struct watch_line line;

    BUG_ON(len == 0 || len > CAP_BYTES || memchr(text, '\n', len));
    (void)strbuf_add(&f->all, text, len);
    (void)strbuf_addc(&f->all, '\n');
    struct err *e = watch_line_read(text, len, NULL, &line);
    BUG_ON(!e && !line.object);
    err_free(e); /* what is no event is an answer, too */
    watch_line_fini(&line);
    return NULL;
}

static struct err *
feed_in_pieces(const char *text, size_t len, size_t step, struct frames *ret_frames)
{
    struct watch_frame f;
    struct err *e = NULL;

    watch_frame_init(&f, CAP_BYTES);
    for (size_t at = 0; at < len && !e; at += step) {
        e = watch_frame_feed(&f, text + at, len - at < step ? len - at : step, on_frame, ret_frames);
    }
    watch_frame_fini(&f);
    return e;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const char *text = (const char *)data + 1;
    struct frames whole = {.all = STRBUF_INIT(1 << 20)};
    struct frames pieces = {.all = STRBUF_INIT(1 << 20)};
    struct err *e1 = feed_in_pieces(text, size - 1, size, &whole);
    struct err *e2 = feed_in_pieces(text, size - 1, (size_t)data[0] + 1, &pieces);
    BUG_ON(!e1 != !e2);
    BUG_ON(!str_eq(strbuf_str(&whole.all), strbuf_str(&pieces.all)));
    err_free(e1);
    err_free(e2);
    strbuf_fini(&whole.all);
    strbuf_fini(&pieces.all);
    return 0;
}
