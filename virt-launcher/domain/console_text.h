// What a guest prints on its serial port, made fit for the pod's log, where the launcher's own lines stand too. Pure.
//
// A line of the log that begins with '{' is the launcher's. So what comes of a guest is whole lines; one whose first visible character
// is '{' begins with "| "; escape sequences and control characters, which could hide or move what was written before, are left out;
// what is no UTF-8, and characters that are not seen, become '?'; a lone carriage return ends a line as a line feed does.
#ifndef VMB_CONSOLE_TEXT_H
#define VMB_CONSOLE_TEXT_H

#include "base/strbuf.h"

enum {
    CONSOLE_RAW_MAX = 2040,  /* bytes looked at; a line that is longer is cut into several */
    CONSOLE_TEXT_MAX = 4096, /* what can come of them: PIPE_BUF, one write that cannot be torn */
};

/* Appends the lines that 'raw' holds to 'out', and returns how many bytes they were. The rest waits for its end, unless 'is_all'.
 * len  at most CONSOLE_RAW_MAX; raw[len] is NUL */
size_t console_text(const char *raw, size_t len, bool is_all, struct strbuf *out);

/* How much of the console's file is in the log already, as the text of its mark says; 0 when that makes no sense in a file of 'size'. */
int64_t console_mark(const char *text, int64_t size);

#endif
