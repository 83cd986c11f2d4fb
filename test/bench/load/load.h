// What the commands share. Each command ends with one load_answer or load_refuse; none begins before.
#ifndef VMB_LOAD_LOAD_H
#define VMB_LOAD_LOAD_H

#include "base/json.h"
#include "base/log.h"
#include "book.h"
#include "console.h"
#include "kube/request.h"

struct feeds;
struct players;
struct batch_result;

struct load {
    uv_loop_t loop;
    struct kube *kube;
    struct console *console;
    struct book book;
    struct feeds *feeds;     /* NULL: nothing is watched yet */
    struct players *players; /* NULL: no launcher yet */
    struct load_wait *wait;  /* of the command at hand, or NULL */
    const char *prefix;
    size_t n_namespaces;
    struct log log;
};

enum { LOAD_NAMESPACE_SIZE = 80, LOAD_NAME_SIZE = 32 };

/* Number 'i' is vm-<i> in <prefix>-<i modulo namespaces>. */
void load_name(const struct load *l, size_t i, char ret_namespace[LOAD_NAMESPACE_SIZE], char ret_name[LOAD_NAME_SIZE]);

/* Takes 'answer'; "ok" is added. */
void load_answer(struct load *l, json_t *answer);
/* Takes both; 'facts' may be NULL. */
void load_refuse(struct load *l, struct err *e, json_t *facts);
/* Answers with the figures of a batch: n, failed, writes, seconds, and the first failure if there was one. */
void load_answer_batch(struct load *l, const struct batch_result *r);

/* Whole numbers of a command. Errors: ERR_INVALID when it is absent (with 'otherwise' < 0), negative or above 'max'. */
MUST_CHECK struct err *load_number(const json_t *command, const char *key, int64_t otherwise, int64_t max,
                                   size_t *ret_number);

/* A command: answers later, or returns an error, which is its answer. */
typedef struct err *load_command_fn(struct load *l, const json_t *command);

/* machines.c */
load_command_fn load_create, load_delete, load_apply;
/* wait.c */
load_command_fn load_watch, load_wait_for, load_times, load_versions;
void load_wait_check(struct load *l); /* a count may have changed */
/* ceiling.c */
load_command_fn load_ceiling, load_status_writes;
/* launchers.c */
load_command_fn load_connect, load_connected, load_report, load_disconnect;

/* Makes the namespaces <prefix>-0 and on, and the service account that pods need in them, where absent; as many as the bench
 * has. 'prefix' is constant, 'done' is called once, later. */
void load_make_namespaces(struct load *l, const char *prefix, void (*done)(void *arg, const struct err *err), void *arg);

#endif
