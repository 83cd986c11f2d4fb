// What is known of the guests that nodes can run, and the Jobs that ask for it, with their pods.
#ifndef VMB_ASKING_KIND_H
#define VMB_ASKING_KIND_H

#include "cache/kind.h"

/* The resource that a launcher pod asks for where guests are not emulated. */
#define KVM_RESOURCE "devices.kubevirt.io/kvm"
/* Jobs that ask a node, and their pods. */
#define ASKING_LABEL "vmbridge.io/asks"
#define ASKING_LABEL_VALUE "node-capabilities"
#define ASKED_NODE_ANNOTATION "vmbridge.io/node"
#define JOB_NAME_LABEL "batch.kubernetes.io/job-name" /* that Kubernetes gives a Job's pods */

/* By it those pods are found that have not ended (store_each_hinted). */
#define ASKING_WORD "asking"

bool asking_pod_is_over(const json_t *pod);

extern const struct kind node_capabilities_kind;
extern const struct kind asking_job_kind;
extern const struct kind asking_pod_kind;

#endif
