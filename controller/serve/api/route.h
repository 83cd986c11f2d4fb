// What a request is about: method and path, against the table of what is served. Pure.
#ifndef VMB_ROUTE_H
#define VMB_ROUTE_H

#include "base/base.h"

enum { ROUTE_TEXT_SIZE = 256 };

enum verb_id {
    VERB_ID_NONE,
    VERB_ID_START,
    VERB_ID_STOP,
    VERB_ID_RESTART,
    VERB_ID_PAUSE,
    VERB_ID_UNPAUSE,
    VERB_ID_SOFTREBOOT,
    VERB_ID_RESET,
    VERB_ID_FREEZE,
    VERB_ID_UNFREEZE,
    VERB_ID_GUESTOSINFO,
    VERB_ID_CONSOLE,
    VERB_ID_VNC,
    VERB_ID_PORTFORWARD,
    VERB_ID_DIAL,   /* among replicas */
    VERB_ID_ABSENT, /* known, and refused with the verb's sentence */
};

/* A subresource of a machine or an instance. */
struct verb_row {
    const char *resource; /* "virtualmachines"; "" for one of a namespace */
    const char *name;     /* "start", "evacuate/cancel" */
    const char *method;   /* "PUT" or "GET" */
    enum verb_id id;
    const char *says;   /* one sentence, for the API's documents */
    unsigned refusal;   /* of VERB_ID_ABSENT: the code */
    const char *absent; /* and the sentence */
};

extern const struct verb_row verb_rows[];
extern const size_t n_verb_rows;

enum route_kind {
    ROUTE_UNKNOWN,
    ROUTE_VERB,       /* 'row' and the names */
    ROUTE_BAD_METHOD, /* 'row' tells which one it takes */
    ROUTE_GROUPS,     /* /apis */
    ROUTE_GROUP,      /* /apis/subresources.kubevirt.io */
    ROUTE_RESOURCES,  /* /apis/subresources.kubevirt.io/v1 */
    ROUTE_VERSION,
    ROUTE_HEALTHZ,
    ROUTE_GUESTFS,
    ROUTE_OPENAPI_V2,
    ROUTE_OPENAPI_V3,
    ROUTE_OPENAPI_V3_GROUP,
};

struct route {
    enum route_kind kind;
    const struct verb_row *row;
    char version[ROUTE_TEXT_SIZE]; /* "v1"; "" where the path has none */
    char namespace[ROUTE_TEXT_SIZE];
    char name[ROUTE_TEXT_SIZE];
    char rest[ROUTE_TEXT_SIZE]; /* behind the verb: "22/tcp" of portforward */
};

/* Names that cannot be names, and whatever else is not served, are ROUTE_UNKNOWN. */
void route_find(const char *method, const char *path, struct route *ret_route);

#endif
