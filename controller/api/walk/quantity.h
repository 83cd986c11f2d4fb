// Kubernetes quantities: decimal and binary suffixes, exponents.
#ifndef VMB_QUANTITY_H
#define VMB_QUANTITY_H

#include "api/walk/meta.h"

/* Parses "128Mi", "0.5", "1e3", "500m". 'text' is borrowed for the life of ret_quantity.
 * Errors: ERR_INVALID with the text when it is no quantity or does not fit 63 bits. */
MUST_CHECK struct err *quantity_parse(const char *text, struct quantity *ret_quantity);

/* Canonical text of a number of bytes: "2Gi" when it divides, else plain digits. */
char *quantity_format_bytes(struct arena *a, int64_t bytes);

/* Kubernetes' own grammar of a quantity, signs included: what is negative is told by a rule with a sentence. */
#define QUANTITY_PATTERN "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"

#endif
