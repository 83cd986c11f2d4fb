// The line writer. A value from outside is escaped by jansson and cut at LOG_VALUE_MAX.
#include "log.h"

#include "clock.h"
#include "utf8.h"

#include <jansson.h>
#include <stdatomic.h>
#include <unistd.h>

enum { LOG_VALUE_MAX = 1024 };

static _Atomic(int) log_level = LOG_INFO; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): log.h says so

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static json_t *log_string(const char *s);

void
log_write(const struct log *lg, enum log_level level, const char *msg, const struct log_field *fields)
{
    if ((int)level > atomic_load(&log_level)) {
        return;
    }
    char now[CLOCK_TIME_SIZE];
    clock_format(clock_wall_s(), now);
    json_t *line = json_object();
    BUG_ON(json_object_set_new(line, "time", json_string(now)) != 0);
    (void)json_object_set_new(line, "level", json_string(level_names[level]));
    (void)json_object_set_new(line, "part", json_string(lg->part ? lg->part : ""));
    (void)json_object_set_new(line, "msg", json_string(msg));
    if (lg->object) {
        (void)json_object_set_new(line, "object", log_string(lg->object));
    }
    if (lg->pass > 0) {
        (void)json_object_set_new(line, "pass", json_integer((json_int_t)lg->pass));
    }
    for (const struct log_field *f = fields; f->key; f++) {
        (void)json_object_set_new(line, f->key, f->str ? log_string(f->str) : json_integer(f->num));
    }
    AUTO(freep)
    char *text = json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII); /* no mark of direction reaches a terminal */
    json_decref(line);
    if (text) {
        (void)dprintf(STDERR_FILENO, "%s\n", text); /* a lost log line has nobody to be told to */
    }
}

void
log_set_level(enum log_level level)
{
    atomic_store(&log_level, (int)level);
}

enum log_level
log_level_of_verbosity(int64_t verbosity)
{
    return verbosity >= 3 ? LOG_DEBUG : LOG_INFO;
}

static json_t *
log_string(const char *s)
{
    AUTO(freep) char *text = xstrndup(s, utf8_cut(s, LOG_VALUE_MAX));

    utf8_mend(text);
    return json_string(text);
}
