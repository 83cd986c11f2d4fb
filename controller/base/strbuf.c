// The capped buffer. Input decides how much goes in, so passing the cap is an answer, not an abort.
#include "strbuf.h"

#include <stdarg.h>

static bool strbuf_grow(struct strbuf *sb, size_t more);

bool
strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
    if (!strbuf_grow(sb, len)) {
        return false;
    }
    if (len > 0) {
        memcpy(sb->buf + sb->len, data, len);
    }
    sb->len += len;
    sb->buf[sb->len] = '\0';
    return true;
}

bool
strbuf_adds(struct strbuf *sb, const char *s)
{
    return strbuf_add(sb, s, strlen(s));
}

bool
strbuf_addc(struct strbuf *sb, char c)
{
    return strbuf_add(sb, &c, 1);
}

bool
strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
    va_list ap;
    AUTO(freep) char *text = NULL;

    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    return strbuf_add(sb, text, (size_t)n);
}

void
strbuf_consume(struct strbuf *sb, size_t len)
{
    BUG_ON(len > sb->len);
    if (len == 0) {
        return;
    }
    sb->len -= len;
    memmove(sb->buf, sb->buf + len, sb->len + 1);
}

void
strbuf_reset(struct strbuf *sb)
{
    sb->len = 0;
    sb->over = false;
    if (sb->buf) {
        sb->buf[0] = '\0';
    }
}

char *
strbuf_steal(struct strbuf *sb)
{
    char *s = sb->buf ? sb->buf : xstrdup("");

    *sb = STRBUF_INIT(sb->max);
    return s;
}

const char *
strbuf_str(const struct strbuf *sb)
{
    return sb->buf ? sb->buf : "";
}

void
strbuf_fini(struct strbuf *sb)
{
    free(sb->buf);
    *sb = STRBUF_INIT(sb->max);
}

static bool
strbuf_grow(struct strbuf *sb, size_t more)
{
    if (sb->over || more > sb->max || sb->len > sb->max - more) {
        sb->over = true;
        return false;
    }
    size_t want = sb->len + more + 1;
    if (want <= sb->size) {
        return true;
    }
    size_t size = sb->size ? sb->size : 64;
    while (size < want) {
        size *= 2;
    }
    char *buf = realloc(sb->buf, size);
    BUG_ON(!buf);
    sb->buf = buf;
    sb->size = size;
    return true;
}
