// What the API says of itself: groups, resources, schemas. Texts are made once, from the table of route.h.
#ifndef VMB_DOCUMENTS_H
#define VMB_DOCUMENTS_H

#include "serve/api/route.h"

enum document_id {
    DOCUMENT_GROUPS,    /* APIGroupList */
    DOCUMENT_GROUPS_V2, /* APIGroupDiscoveryList of apidiscovery.k8s.io/v2 */
    DOCUMENT_GROUPS_V2BETA1,
    DOCUMENT_GROUP, /* APIGroup */
    DOCUMENT_V1,    /* APIResourceList */
    DOCUMENT_V1ALPHA3,
    DOCUMENT_VERSION,
    DOCUMENT_OPENAPI_V2,
    DOCUMENT_OPENAPI_V3, /* where the next two are */
    DOCUMENT_OPENAPI_V3_V1,
    DOCUMENT_OPENAPI_V3_V1ALPHA3,
    DOCUMENTS,
};

struct document {
    const char *content_type;
    char *text;
    char etag[24]; /* with its quotes */
};

struct documents {
    struct document items[DOCUMENTS];
};

/* 'version' is that of the controller. */
void documents_init(struct documents *d, const char *version);
void documents_fini(struct documents *d);

/* Which one a route wants, by the Accept header (NULL: none); NULL: it is no document. */
const struct document *documents_find(const struct documents *d, const struct route *r, const char *accept);

#endif
