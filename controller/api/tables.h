// The tables that more than one module of api/ refers to.
#ifndef VMB_TABLES_H
#define VMB_TABLES_H

#include "api/table.h"
#include "api/vmi.h"

extern const struct type port_type;
extern const struct type disk_type;
extern const struct type interface_type;
extern const struct type volume_type;
extern const struct type network_type;
extern const struct type domain_type;
extern const struct type probe_type;
extern const struct type guest_os_type;
extern const struct type vmi_status_type;
extern const struct enum_value pull_policy_names[];

/* Kubernetes' own grammar of a quantity, signs included: what is negative is told by a rule with a sentence. */
#define QUANTITY_PATTERN "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"

#endif
