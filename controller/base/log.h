// Logging: one JSON object a line on stderr. The message is a constant, facts are fields, the logger is handed in.
// Never a spec, a token or user data. The level and the output are the only process-wide state.
#ifndef VMB_LOG_H
#define VMB_LOG_H

#include "err.h"

enum log_level {
    LOG_ERROR, /* someone must act */
    LOG_WARN,  /* we retry */
    LOG_INFO,  /* state changed */
    LOG_DEBUG,
};

/* A logger carries fields that each of its lines bears; copy it by value to add to it. Strings are borrowed. */
struct log {
    const char *part;   /* "kube", "reconcile" ... */
    const char *object; /* "virtualmachine/default/vm1", or NULL */
    uint64_t pass;      /* number of the reconcile pass, 0 for none */
};

struct log_field {
    const char *key; /* NULL ends the list */
    const char *str; /* NULL: 'num' is the value */
    int64_t num;
};

#define F_STR(k, v) ((struct log_field){.key = (k), .str = (v) ? (v) : ""})
#define F_I64(k, v) ((struct log_field){.key = (k), .num = (int64_t)(v)})
#define F_ERR(e) ((struct log_field){.key = "error", .str = err_text(e)})

#ifdef __cppcheck__ /* 2.10 does not read __VA_OPT__ */
#define LOG_FIELDS(...) NULL
#else
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = NULL}})
#endif
#define log_error(lg, msg, ...) log_write(lg, LOG_ERROR, msg, LOG_FIELDS(__VA_ARGS__))
#define log_warn(lg, msg, ...) log_write(lg, LOG_WARN, msg, LOG_FIELDS(__VA_ARGS__))
#define log_info(lg, msg, ...) log_write(lg, LOG_INFO, msg, LOG_FIELDS(__VA_ARGS__))
#define log_debug(lg, msg, ...) log_write(lg, LOG_DEBUG, msg, LOG_FIELDS(__VA_ARGS__))

void log_write(const struct log *lg, enum log_level level, const char *msg, const struct log_field *fields);

/* Level of the process: lines above it are dropped. Starts at LOG_INFO. */
void log_set_level(enum log_level level);
/* KubeVirt's verbosity (developerConfiguration.logVerbosity): 0-2 info, 3 and more debug. */
enum log_level log_level_of_verbosity(int64_t verbosity);

#endif
