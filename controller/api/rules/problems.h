// What is wrong with an object, gathered while it is looked at: each text begins with the path of the field. Pure.
#ifndef VMB_PROBLEMS_H
#define VMB_PROBLEMS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

#define INVALID(...) err_new(ERR_INVALID, __VA_ARGS__)

enum { PROBLEMS_MAX = 1800 }; /* bytes: a condition and an error hold some more */

/* All that is wrong with a spec, as one text of bounded length. */
struct problems {
    struct arena *arena;
    const char *root; /* goes before each text: "spec.template.spec." */
    struct strbuf text;
    size_t left_out; /* that did not fit */
};

/* Room for all texts of errors that problems_add() still puts in. */
#define PROBLEMS_INIT(a)                                    \
    {                                                       \
        .arena = (a), .text = STRBUF_INIT(2 * PROBLEMS_MAX) \
    }

/* Takes 'e'; NULL is no problem. */
void problems_add(struct problems *p, struct err *e);

/* Ends the gathering: ERR_INVALID, or NULL when there is no problem. */
MUST_CHECK struct err *problems_told(struct problems *p);

#endif
