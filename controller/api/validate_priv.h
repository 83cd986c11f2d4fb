// Between the parts of validation: each returns the first error, its text beginning with the path below the spec.
#ifndef VMB_VALIDATE_PRIV_H
#define VMB_VALIDATE_PRIV_H

#include "api/validate.h"

#define INVALID(...) err_new(ERR_INVALID, __VA_ARGS__)

MUST_CHECK struct err *validate_disks(const struct vmi_spec *s);
MUST_CHECK struct err *validate_volumes(const struct vmi_spec *s);
MUST_CHECK struct err *validate_networks(const struct vmi_spec *s);
/* What is set and cannot be run: by the typed fields, and by s->json for those that have no member. */
MUST_CHECK struct err *validate_support(const struct vmi_spec *s, struct arena *a);

/* Text made only of [A-Za-z0-9] and the signs in 'more'. */
bool is_made_of(const char *text, const char *more);
/* Label of DNS: small letters, digits, dashes inside, at most 'max' characters. */
bool is_dns_label(const char *text, size_t len, size_t max);
bool is_pci_address(const char *text);

#endif
