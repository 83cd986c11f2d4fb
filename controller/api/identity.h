// What a machine is known by, derived from names so that it is the same after Git or a backup made it anew (design.md 3.2). Pure.
#ifndef VMB_IDENTITY_H
#define VMB_IDENTITY_H

#include "base/arena.h"

/* UUIDv5 of "namespace/name" in KubeVirt's name space 6a1a24a1-4061-4607-8bf4-a3963d0c5895. */
char *identity_uuid(struct arena *a, const char *namespace, const char *name);

/* Locally administered unicast MAC "02:..:..:..:..:.." of namespace, name and interface; never 02:00:00:00:00:00. */
char *identity_mac(struct arena *a, const char *namespace, const char *name, const char *interface);

/* Name of the launcher pod of one VMI: "virt-launcher-<name>-<5 letters>", at most 63 characters, a function of name and UID. */
char *identity_pod_name(struct arena *a, const char *vmi_name, const char *vmi_uid);

/* Name as a label value: itself when it fits 63 characters, else cut with a digest (contract 2.8, vmi.kubevirt.io/id). */
char *identity_label_value(struct arena *a, const char *name);

#endif
