// Of a node is read what says which guests it may be given.
#include "reconcile/node/node_kind.h"

#include "cache/store.h"
#include "reconcile/fingerprint.h"
#include "reconcile/kept.h"
#include "reconcile/node/asking_kind.h"
#include "reconcile/node/node_plan.h"
#include "reconcile/sync.h"

static const char *const node_paths[] = {
    KEPT_META,
    "metadata.labels",
    "spec.unschedulable",
    "status.nodeInfo.bootID",
    "status.nodeInfo.architecture",
    "status.nodeInfo.operatingSystem",
    "status.allocatable",
    NULL,
};
static const char *const header_paths[] = {KEPT_META, NULL};
static const char *const no_names[] = {NULL};

static struct err *
node_sync(struct sync *s, const struct object *node, struct plan *ret_plan)
{
    struct node_view v;
    struct err *e = node_view_make(s->arena, s->src, node, s->now_s, &v);

    if (!e) {
        v.kind = s->kind;
        node_plan(&v, ret_plan);
    }
    return e;
}

static uint64_t
node_fingerprint(const struct sources *src, const struct object *node)
{
    const char *name = strchr(node->key, '/') + 1;
    uint64_t h = fingerprint_number(fingerprint_object(fingerprint_begin(), node), src->config_version);

    h = fingerprint_object(h, store_get(caches_store(src->caches, &node_capabilities_kind), node->key));
    h = fingerprint_about(h, caches_store(src->caches, &asking_job_kind), src->namespace, name);
    return fingerprint_end(fingerprint_about(h, caches_store(src->caches, &asking_pod_kind), src->namespace, name));
}

const struct kind node_kind = {
    .name = "node",
    .api_version = "v1",
    .kind = "Node",
    .path = "/api/v1",
    .resource = "nodes",
    .is_cluster_scoped = true,
    .kept = {.paths = node_paths, .header_paths = header_paths, .annotations = no_names},
    .room = ROOM_OTHERS,
    .sync = node_sync,
    .rules = &node_rules,
    .fingerprint = node_fingerprint,
    .is_begun_late = true,
};
