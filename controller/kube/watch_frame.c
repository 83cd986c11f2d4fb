// Cuts a watch stream at its line ends.
#include "watch_frame.h"

static size_t returns_len(const char *data, size_t len);

struct err *
watch_frame_feed(struct watch_frame *f, const char *data, size_t len, watch_piece_fn *fn, void *arg)
{
    struct err *e = NULL;

    while (len > 0 && !e) {
        const char *end = memchr(data, '\n', len);
        size_t n = end ? (size_t)(end - data) : len;
        size_t n_returns = f->in_line ? 0 : returns_len(data, n);

        f->in_line = f->in_line || n > n_returns;
        if (f->in_line && (end || n > n_returns)) {
            if (end) { /* before the call, which may be the last thing that happens to 'f' */
                f->in_line = false;
            }
            e = fn(arg, data + n_returns, n - n_returns, end != NULL);
        }
        n += end ? 1 : 0;
        data += n;
        len -= n;
    }
    return e;
}

/* At the end of a line a carriage return is white space to JSON; alone it is no line. */
static size_t
returns_len(const char *data, size_t len)
{
    size_t n = 0;

    while (n < len && data[n] == '\r') {
        n++;
    }
    return n;
}
