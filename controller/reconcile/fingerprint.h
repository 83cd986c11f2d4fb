// What a view is made of, as a number: the versions of all it reads. A sync whose fingerprint is that of an earlier one that found nothing
// to do finds nothing either, and need not be made. PURE.
#ifndef VMB_FINGERPRINT_H
#define VMB_FINGERPRINT_H

#include "cache/store.h"

uint64_t fingerprint_begin(void);
uint64_t fingerprint_number(uint64_t h, uint64_t n);
/* NULL: there is none. */
uint64_t fingerprint_object(uint64_t h, const struct object *o);
/* Those of the store that are about 'subject' (struct kind). */
uint64_t fingerprint_about(uint64_t h, const struct store *s, const char *namespace, const char *subject);
/* Never 0. */
uint64_t fingerprint_end(uint64_t h);

#endif
