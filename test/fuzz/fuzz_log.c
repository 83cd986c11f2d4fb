// Whatever a value holds, a log line is one line, one JSON object, with the fields that were given and no others.
#include "fuzz.h"

#include "base/json.h"
#include "base/log.h"

#include <sys/mman.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 64 * 1024 };

/* What was written to stderr; the caller frees. */
static char *
written(const struct log *lg, const struct log_field *fields)
{
    int file = memfd_create("log", MFD_CLOEXEC);
    int own = dup(STDERR_FILENO);
    char *text = xcalloc(LINE_MAX_BYTES, 1);

    BUG_ON(file < 0 || own < 0 || dup2(file, STDERR_FILENO) < 0);
    log_write(lg, LOG_ERROR, "a message", fields);
    BUG_ON(dup2(own, STDERR_FILENO) < 0);
    BUG_ON(pread(file, text, LINE_MAX_BYTES - 1, 0) <= 0);
    (void)close(file);
    (void)close(own);
    return text;
}

/* Nothing that moves a terminal's cursor, ends a line or turns the reading direction. */
static bool
is_plain(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x80) {
            return false;
        }
    }
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *value = xstrndup(data ? (const char *)data : "", size);
    AUTO(err_freep) struct err *e = err_new(ERR_RETRY, "%s", value);
    AUTO(json_freep) json_t *j = NULL;
    const struct log lg = {.part = "fuzz", .object = value, .pass = 1};
    AUTO(freep) char *line = written(&lg, LOG_FIELDS(F_STR("value", value), F_I64("number", INT64_MIN), F_ERR(e)));
    size_t len = strlen(line);

    BUG_ON(line[len - 1] != '\n');
    line[len - 1] = '\0';
    BUG_ON(!is_plain(line)); /* a terminal, or a reader of lines, is not led astray */
    AUTO(err_freep) struct err *bad = json_parse(line, len - 1, LINE_MAX_BYTES, &j);
    BUG_ON(bad || json_object_size(j) != 9); /* time, level, part, msg, object, pass, value, number, error */
    BUG_ON(!str_eq(json_str(j, "msg"), "a message") || json_int(j, "number", 0) != INT64_MIN);
    return 0;
}
