// Texts with places to fill: "{{name}}" in a template becomes the name of the machine at hand. No I/O.
#ifndef VMB_LOAD_PATTERN_H
#define VMB_LOAD_PATTERN_H

#include "base/base.h"

enum slot {
    SLOT_NAME,      /* {{name}} */
    SLOT_NAMESPACE, /* {{namespace}} */
    SLOT_NUMBER,    /* {{number}}: of the machine, or of the lane that writes */
    SLOT_VALUE,   /* {{value}}: another number in each write; "{{integer}}" with its quotes becomes that number bare */
    SLOT_VM_UID,  /* {{vm-uid}} */
    SLOT_VMI_UID, /* {{vmi-uid}} */
    SLOT_POD_UID, /* {{pod-uid}} */
    N_SLOTS,
};

struct pattern;

/* Takes 'text' apart; copied. What stands in braces and is none of the above stays as it is. The caller frees. */
MUST_CHECK struct pattern *pattern_new(const char *text);
void pattern_free(struct pattern *p);

bool pattern_has(const struct pattern *p, enum slot slot);

/* The text with its places filled; NULL fills with nothing. Values are put in as they are: names, UIDs, numbers. The caller frees. */
MUST_CHECK char *pattern_fill(const struct pattern *p, const char *const values[N_SLOTS]);

#endif
