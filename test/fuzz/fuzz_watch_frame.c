// A watch stream, split where the first byte says, gives the lines that it gives whole; each is read as a watch event, in the same pieces.
#include "fuzz.h"

#include "base/strbuf.h"
#include "kube/object_reader.h"
#include "kube/watch_frame.h"
#include "kube/watch_line.h"

enum { MAX_BYTES = 400 };

struct lines {
    struct strbuf all;
    struct object_reader *reader;
};

static void
line_end(struct lines *l, const char *bytes, size_t len)
{
    struct watch_line line = {0};
    struct object_lack lack = {0};
    json_t *tree = NULL;
    struct err *e = object_reader_end(l->reader, bytes, len, &tree, &lack);

    if (!e) {
        AUTO(freep) char *text = json_compact(tree);
        (void)strbuf_addf(&l->all, "%s %s", text, lack.reason ? lack.reason : "");
        e = watch_line_take(tree, &line);
        BUG_ON(!e && !line.object);
        BUG_ON(lack.why && !e && line.type != LINE_ERROR && !line.version);
    }
    err_free(e); /* what is no event is an answer, too */
    watch_line_fini(&line);
    (void)strbuf_addc(&l->all, '\n');
}

static struct err *
on_piece(void *arg, const char *bytes, size_t len, bool is_end)
{
    struct lines *l = arg;

    BUG_ON((len == 0 && !is_end) || memchr(bytes, '\n', len));
    if (is_end) {
        line_end(l, bytes, len);
    } else {
        object_reader_feed(l->reader, bytes, len);
    }
    return NULL;
}

static struct lines
feed_in_pieces(const char *text, size_t len, size_t step)
{
    struct lines l = {.all = STRBUF_INIT(1 << 20), .reader = object_reader_new(OBJECT_IN_EVENT, NULL, MAX_BYTES)};
    struct watch_frame f = {0};

    for (size_t at = 0; at < len; at += step) {
        BUG_ON(watch_frame_feed(&f, text + at, len - at < step ? len - at : step, on_piece, &l));
    }
    object_reader_free(l.reader);
    return l;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 4000) { /* longer numbers are refused in pieces */
        return 0;
    }
    const char *text = (const char *)data + 1;
    struct lines whole = feed_in_pieces(text, size - 1, size);
    struct lines pieces = feed_in_pieces(text, size - 1, (size_t)data[0] + 1);
    BUG_ON(!str_eq(strbuf_str(&whole.all),
                   strbuf_str(&pieces.all))); /* all of it is wanted, so that no string is left out */
    strbuf_fini(&whole.all);
    strbuf_fini(&pieces.all);
    return 0;
}
