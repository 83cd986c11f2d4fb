// What an absent field of a VMI's spec means, filled in memory only: the stored object is never written.
#ifndef VMB_DEFAULTS_H
#define VMB_DEFAULTS_H

#include "api/kinds/vmi.h"

struct default_options {
    enum pull_policy disk_pull_policy; /* of containerDisks without one; unset: by the image's tag */
    const char *network_interface; /* binding of a guest without interfaces: "bridge" or "masquerade"; NULL is bridge */
    const char *name;              /* of the VMI, for its host name; NULL leaves the host name alone */
};

enum { DEFAULT_GRACE_S = 30 };

/* Name of the network and interface that a guest without any gets. */
#define DEFAULT_NETWORK "default"

/* Fills what is absent. 's' must have passed vmi_spec_validate; lists grow in the arena. Doing it twice changes nothing. */
void vmi_spec_default(struct vmi_spec *s, struct arena *a, const struct default_options *options);

/* Virtual CPUs after defaults: cores * sockets * threads. */
int64_t vmi_vcpus(const struct vmi_spec *s);

#endif
