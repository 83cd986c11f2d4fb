// What names are made of. Pure.
#ifndef VMB_NAMES_H
#define VMB_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Text made only of [A-Za-z0-9] and the signs in 'more'. */
bool is_made_of(const char *text, const char *more);
/* Name of a label of Kubernetes: what stands behind the slash of its key. */
bool is_label_name(const char *text);
/* Label of DNS: small letters, digits, dashes inside, at most 'max' characters. */
bool is_dns_label(const char *text, size_t len, size_t max);

#endif
