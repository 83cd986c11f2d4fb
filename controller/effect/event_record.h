// Kubernetes Events about our objects: best effort, each thing said once in a while. Loop thread only.
#ifndef VMB_EVENT_RECORD_H
#define VMB_EVENT_RECORD_H

#include "kube/request.h"
#include "reconcile/plan.h"

struct event_recorder;

/* Borrows 'kube'; 'instance' (the pod's name) is copied. */
MUST_CHECK struct event_recorder *event_recorder_new(struct kube *kube, const char *instance);
void event_recorder_free(struct event_recorder *er);

/* Sends it; the same text about the same object within ten minutes is dropped, failures are dropped too. */
void event_record(struct event_recorder *er, const struct plan_target *about, const struct event_plan *event);

#endif
