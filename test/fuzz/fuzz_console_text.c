// Any bytes of a guest's console, read in pieces: whole lines of text come of them, none of which is like the launcher's, and all bytes are
// taken. The first byte says how long the pieces are. The rest is a mark, too.
#include "fuzz.h"

#include "base/json.h"
#include "domain/console_text.h"

static void
check_lines(const struct strbuf *out)
{
    const char *text = strbuf_str(out);
    AUTO(json_freep) json_t *j = json_string(text);

    BUG_ON(out->over || strlen(text) != out->len || !j);
    BUG_ON(out->len > 0 && text[out->len - 1] != '\n');
    for (const char *c = text; *c; c++) {
        BUG_ON(((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f);
    }
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        BUG_ON(line[strspn(line, " \t")] == '{');
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    size_t step = (size_t)data[0] + 1;
    AUTO(freep) char *text = xcalloc(1, size);
    char raw[CONSOLE_RAW_MAX + 1];
    size_t done = 0;
    size_t end = 0; /* what is in the file */

    memcpy(text, data + 1, size - 1);
    while (done < size - 1) {
        AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(CONSOLE_TEXT_MAX);
        end = end + step < size - 1 ? end + step : size - 1;
        size_t n = end - done < CONSOLE_RAW_MAX ? end - done : CONSOLE_RAW_MAX;
        memcpy(raw, text + done, n);
        raw[n] = '\0';
        size_t taken = console_text(raw, n, end == size - 1, &out);
        BUG_ON(taken > n || (taken == 0 && (end == size - 1 || n == CONSOLE_RAW_MAX)));
        check_lines(&out);
        done += taken;
    }
    int64_t mark = console_mark(text, (int64_t)size);
    BUG_ON(mark < 0 || mark > (int64_t)size);
    return 0;
}
