// What may be a name, a UID, a version: text of a tenant that is none of these goes no further than here. Pure.
#ifndef VMB_LEGAL_H
#define VMB_LEGAL_H

#include "base/base.h"

enum {
    LEGAL_NAME_MAX = 253,
    LEGAL_NAMESPACE_MAX = 63,
    LEGAL_UID_MAX = 63,
    LEGAL_VERSION_MAX = 63,
    LEGAL_KIND_MAX = 63
};

/* Small letters, digits, dashes and dots, as metadata.name has it. NULL is none. */
bool legal_name(const char *text);
/* The same without dots, 63 at most. */
bool legal_namespace(const char *text);
/* Letters, digits, dashes, dots, underscores. */
bool legal_uid(const char *text);
/* Letters and digits. */
bool legal_version(const char *text);
/* Kind or apiVersion of an owner: what a UID may have, and a slash. */
bool legal_kind(const char *text);

#endif
