// Judged by what nobody but the controller can give a pod: a name made with the key, a UID that was answered to our create.
#include "reconcile/vmi/pod_claim.h"

#include "api/kinds/instance.h"
#include "base/clock.h"

enum {
    CLAIM_ARENA_MAX = 4096,
    POD_MAX = 1024 * 1024,
    KEY_LATE_S = 2, /* a create of an older version may still be on its way when the key is made */
};

static bool is_recorded(const struct claimant *c, const char *uid);
static bool is_name_of(const struct claimant *c, const char *pod_name);
static bool is_target(const struct claimant *c, const struct object *pod);

enum pod_claim
pod_claim(const struct claimant *c, const struct object *pod)
{
    const char *name = strchr(pod->key, '/') + 1;

    if (is_recorded(c, pod->uid)) {
        return POD_OURS;
    }
    if (is_name_of(c, name)) { /* with another UID than the one that we made: foreign */
        return !c->made_uid && c->recorded->n == 0 ? POD_OURS : POD_FOREIGN;
    }
    return is_target(c, pod) ? POD_TARGET : POD_OLDER;
}

bool
pod_may_be_ours(const struct pod_key *key, const json_t *pod)
{
    const json_t *meta = json_object_get(pod, "metadata");
    const char *name = json_str(meta, "name");
    const char *namespace = json_str(meta, "namespace");
    const char *created = json_str(meta, "creationTimestamp");
    int64_t created_s;

    if (!name || !namespace) {
        return false;
    }
    if (!key || identity_is_pod_name(key, namespace, name)) {
        return true;
    }
    return str_starts(name, "virt-launcher-") && created && clock_parse(created, &created_s) &&
           created_s <= key->made_s + KEY_LATE_S;
}

static bool
is_recorded(const struct claimant *c, const char *uid)
{
    return str_eq(c->made_uid, uid) || str_map_get(c->recorded, uid);
}

/* By the key, or as versions without a key named it: such a pod is in the caches only if it is older than the key. */
static bool
is_name_of(const struct claimant *c, const char *pod_name)
{
    AUTO(arena_freep) struct arena *a = arena_new(CLAIM_ARENA_MAX);

    return str_eq(pod_name, identity_pod_name(a, c->key, c->namespace, c->name, c->uid)) ||
           str_eq(pod_name, identity_pod_name_unkeyed(a, c->name, c->uid));
}

/* The label only says which migration; that the controller made the pod for it, its name proves. */
static bool
is_target(const struct claimant *c, const struct object *pod)
{
    AUTO(json_freep) json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(pod, POD_MAX, &j);
    const char *migration = json_str(json_at(j, "metadata", "labels", NULL), MIGRATION_LABEL);
    AUTO(arena_freep) struct arena *a = arena_new(CLAIM_ARENA_MAX);

    return !e && migration &&
           str_eq(strchr(pod->key, '/') + 1, identity_target_name(a, c->key, c->namespace, c->name, c->uid, migration));
}
