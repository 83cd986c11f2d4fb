// Between the parts of validation: each adds what is wrong, its text beginning with the path below the spec.
#ifndef VMB_VALIDATE_PRIV_H
#define VMB_VALIDATE_PRIV_H

#include "api/rules/support.h"
#include "api/rules/validate.h"

#define INVALID(...) err_new(ERR_INVALID, __VA_ARGS__)

/* All that is wrong with a spec, as one text of bounded length. */
struct problems {
    struct arena *arena;
    const char *root; /* goes before each text: "spec.template.spec." */
    struct strbuf text;
    size_t left_out; /* that did not fit */
};

/* Takes 'e'; NULL is no problem. */
void problems_add(struct problems *p, struct err *e);

void validate_disks(const struct vmi_spec *s, struct problems *p);
void validate_volumes(const struct vmi_spec *s, struct problems *p);
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

/* Text made only of [A-Za-z0-9] and the signs in 'more'. */
bool is_made_of(const char *text, const char *more);
/* Label of DNS: small letters, digits, dashes inside, at most 'max' characters. */
bool is_dns_label(const char *text, size_t len, size_t max);

#endif
