// Standard input and output of the program: one command a line, one answer a line, in order. Loop thread only.
#ifndef VMB_LOAD_CONSOLE_H
#define VMB_LOAD_CONSOLE_H

#include <uv.h>

#include "base/json.h"

struct console;

struct console_handler {
    /* The next command; borrowed. Answered by console_answer, now or later; no other comes before. */
    void (*command)(void *arg, const json_t *command);
    void (*ended)(void *arg); /* the input has ended and all is answered */
    void *arg;
};

/* Reads from 'fd', a pipe. Errors: ERR_FATAL when it is none. */
MUST_CHECK struct err *console_new(uv_loop_t *loop, int fd, const struct console_handler *handler,
                                   struct console **ret_console);
/* Takes 'answer' and prints it. */
void console_answer(struct console *c, json_t *answer);
/* Takes 'e' and prints it as a failure, with the members of 'facts' (taken; may be NULL). */
void console_refuse(struct console *c, struct err *e, json_t *facts);
void console_close(struct console *c);

#endif
