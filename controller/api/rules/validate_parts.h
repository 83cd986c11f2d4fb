// The parts of validation: each adds what is wrong, its text beginning with the path below the spec.
#ifndef VMB_VALIDATE_PARTS_H
#define VMB_VALIDATE_PARTS_H

#include "api/kinds/vm.h"
#include "api/rules/problems.h"
#include "api/rules/support.h"

/* Any field must say how much memory the guest has. */
void validate_wanted_memory(const struct domain_spec *d, struct problems *p);
/* Resources, memory, processors, firmware. */
void validate_domain(const struct vmi_spec *s, struct problems *p);
/* Features of the machine, clock, I/O threads, a kernel of its own. */
void validate_machine(const struct vmi_spec *s, struct problems *p);
/* Huge pages. */
void validate_memory(const struct vmi_spec *s, struct problems *p);
/* Those beside disks and interfaces. */
void validate_devices(const struct vmi_spec *s, struct problems *p);
/* Dedicated ones, NUMA, realtime. */
void validate_cpus(const struct vmi_spec *s, struct problems *p);
void validate_disks(const struct vmi_spec *s, struct problems *p);
void validate_credentials(const struct vmi_spec *s, struct problems *p);
void validate_volumes(const struct vmi_spec *s, struct problems *p);
/* Of a machine: the DataVolumes that are made with it. */
void validate_data_volumes(const struct vm_spec *s, struct problems *p);
void validate_networks(const struct vmi_spec *s, struct problems *p);
/* Of disks and interfaces: where a device can be, and none where another one is. */
void validate_pci_addresses(const struct vmi_spec *s, struct problems *p);
/* What is set in the JSON of a spec and cannot be run. */
void validate_support(const struct support *rows, const json_t *spec, struct problems *p);
/* Labels and annotations of an instance, or of the template that it is made of. 'is_made': the controller has put labels of its own. */
void validate_metadata(const struct str_map *labels, const struct str_map *annotations, bool is_made,
                       struct problems *p);

/* The guest has an interface on the pod network, named or by default. */
bool has_pod_network(const struct vmi_spec *s);

/* The volume of that name, or NULL. */
const struct volume *volume_find(const struct vmi_spec *s, const char *name);

#endif
