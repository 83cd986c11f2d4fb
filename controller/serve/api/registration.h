// Keeps our CA in the two APIService objects by which kube-apiserver finds this API: read every 15 s, and written where it is another.
// Only the leader does. They are made by whoever installs vmbridge; what points to another Service is left alone. Loop thread only.
#ifndef VMB_REGISTRATION_H
#define VMB_REGISTRATION_H

#include "kube/request.h"

struct registration;

/* 'service' and 'namespace' are what an APIService of ours points to; copied. */
MUST_CHECK struct registration *registration_new(uv_loop_t *loop, struct kube *kube, const char *service,
                                                 const char *namespace);
void registration_set_ca(struct registration *r, const char *ca_pem);
void registration_lead(struct registration *r, bool leads);
/* Before kube_close; the memory goes when the loop has closed the handles. NULL is nothing. */
void registration_close(struct registration *r);

#endif
