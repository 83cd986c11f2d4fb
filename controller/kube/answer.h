// What an HTTP answer of the API server means: its error class and text. No I/O.
#ifndef VMB_ANSWER_H
#define VMB_ANSWER_H

#include "base/json.h"

/* NULL for 2xx. 'body' is the metav1.Status that came with it, or NULL; 'what' begins the text ("POST pods"). */
MUST_CHECK struct err *answer_error(const char *what, long status, const json_t *body);

/* Reason of a metav1.Status ("AlreadyExists"), "" when 'body' is none. Borrowed. */
const char *answer_reason(const json_t *body);

/* Class of an HTTP status, or of the code in a metav1.Status. */
enum err_class answer_class(long status);

#endif
