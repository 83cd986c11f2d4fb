// The only place that asks what time it is; everything else takes 'now' as a parameter.
#ifndef VMB_CLOCK_H
#define VMB_CLOCK_H

#include "base.h"

int64_t clock_mono_ms(void); /* since some start; never jumps */
int64_t clock_wall_s(void);  /* seconds since 1970, UTC */

enum { CLOCK_TIME_SIZE = 21 }; /* "2006-01-02T15:04:05Z" and its NUL */

/* Kubernetes' metav1.Time: YYYY-MM-DDTHH:MM:SSZ. 1970 for a time that it cannot say: its year has not four digits. */
void clock_format(int64_t wall_s, char ret_text[CLOCK_TIME_SIZE]);

/* Reads RFC 3339 with an optional fraction and 'Z' or an offset. False, and 'ret_wall_s' untouched, when it is none. */
bool clock_parse(const char *text, int64_t *ret_wall_s);

#endif
