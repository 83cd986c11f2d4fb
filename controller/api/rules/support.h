// What becomes of the fields of a spec that this version does not act on: one description for the controller's validation, for
// status.bridge.repairs[], for the policy that warns at apply, and for the reference page. A field that is in no row is read by code.
#ifndef VMB_SUPPORT_H
#define VMB_SUPPORT_H

#include "base/arena.h"
#include "base/json.h"

enum support_class {
    SUPPORT_REFUSED,  /* leaving it out would change the machine in a way that the guest depends on */
    SUPPORT_TOLD,     /* it is left out, or read as something else: the guest runs without, and its owner is told */
    SUPPORT_HARMLESS, /* it asks for what is so anyway */
};

/* "refused", "told", "harmless". */
const char *support_class_name(enum support_class class);

/* A row asks for something when its path leads to a value other than null, false, 0, "", an empty list and {"enabled": false}. */
struct support {
    const char *path; /* below the spec; "[]" walks all items of a list, once at most. NULL ends the rows */
    enum support_class class;
    const char *text; /* refused: the way out; told: what happens instead; harmless: why */
    const char *fine; /* a value that asks for nothing */
    const char *only; /* the one value that asks for something; the others are read by code */
    bool (*when)(
        const json_t *spec); /* asks in place of the path, which names the field: for what several values say together */
    const char *cel;         /* the same over 'spec', for the policy */
};

extern const struct support vm_support[];  /* below a VirtualMachine's spec, but for its template */
extern const struct support vmi_support[]; /* below an instance's spec, which is also a template's */

/* The row that says what becomes of a field ("domain.devices.disks[].tag"): its own, or one of an object above it. NULL: it is
 * read by code, at least for some of its values. */
const struct support *support_find(const struct support *rows, const char *path);

/* Calls 'fn' for each row of a class that asks for something in 'spec', with the path of each place that does. */
void support_each(const struct support *rows, enum support_class class, const json_t *spec, struct arena *a,
                  void (*fn)(void *arg, const char *path, const struct support *row), void *arg);

/* Other places below the spec where converters put what belongs to 'path'; they are read as if it stood there.
 * NULL: there is none. */
const char *support_alias(const char *path, struct arena *a);

/* CEL that is true when a row asks for nothing in the spec that the expression 'spec' gives. False when 'sb' is too small. */
MUST_CHECK bool support_policy(const struct support *row, struct arena *a, struct strbuf *sb);

#endif
