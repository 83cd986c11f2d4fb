// One pass: key to view to plan, and the configuration that views share.
#include "base/clock.h"
#include "base/strbuf.h"
#include "cache/related.h"
#include "effect/reconciler_priv.h"
#include "reconcile/basis.h"
#include "reconcile/kubevirt/kubevirt_plan.h"
#include "reconcile/kubevirt/kubevirt_view.h"
#include "reconcile/vm/vm_plan.h"
#include "reconcile/vmi/vmi_plan.h"

static const struct log lg = {.part = "reconcile"};

static struct err *pass_one(struct pass *p, enum kind kind, const struct object *o, struct plan_target *ret_target,
                            struct plan *ret_plan);
static struct err *pass_vm(struct pass *p, const struct object *o, struct plan *ret_plan);
static struct err *pass_vmi(struct pass *p, const struct object *o, struct plan *ret_plan);
static struct err *pass_kubevirt(struct pass *p, const struct object *o, struct plan *ret_plan);
static uint64_t pass_basis(struct pass *p, enum kind kind, const struct object *o);
static struct vmi_sources pass_sources(const struct reconciler *r);
static char *config_text(const struct config *c);
static const char *pass_error(struct pass *p, bool *ret_lasts);
static const struct store *store_of(const struct reconciler *r, enum kind kind);

struct err *
pass_plan(struct pass *p, struct plan_target *ret_target, struct plan *ret_plan)
{
    enum kind kind = related_kind(p->key);
    const struct object *o = store_get(store_of(p->r, kind), strchr(p->key, '/') + 1);
    if (!o) {
        return NULL;
    }
    p->basis = pass_basis(p, kind, o);
    if (p->basis && p->basis == o->settled) {
        p->unchanged = true;
        return NULL;
    }
    struct err *e = pass_one(p, kind, o, ret_target, ret_plan);
    if (!e && arena_is_over(p->arena)) { /* what its header says is little */
        p->why = "it needs more memory than one object may have; make it smaller";
        arena_reset(p->arena);
        *ret_plan = (struct plan){0};
        e = pass_one(p, kind, o, ret_target, ret_plan);
    }
    return e;
}

static struct err *
pass_one(struct pass *p, enum kind kind, const struct object *o, struct plan_target *ret_target, struct plan *ret_plan)
{
    static struct err *(*const plans[N_KINDS])(struct pass * p, const struct object *o, struct plan *ret_plan) = {
        [KIND_VM] = pass_vm, [KIND_VMI] = pass_vmi, [KIND_KUBEVIRT] = pass_kubevirt};
    struct err *(*plan)(struct pass * p, const struct object *o, struct plan *ret_plan) = plans[kind];

    BUG_ON(!plan);
    const char *name_at = strchr(o->key, '/') + 1;
    *ret_target = (struct plan_target){.kind = kind,
                                       .namespace = arena_strndup(p->arena, o->key, (size_t)(name_at - o->key) - 1),
                                       .name = arena_strdup(p->arena, name_at),
                                       .uid = arena_strdup(p->arena, o->uid),
                                       .resource_version = arena_strdup(p->arena, o->resource_version)};
    return plan(p, o, ret_plan);
}

void
reconciler_config(struct reconciler *r)
{
    AUTO(freep) char *key = xasprintf("%s/kubevirt", r->options.namespace);
    const struct object *o = store_get(store_of(r, KIND_KUBEVIRT), key);
    struct kubevirt k = {0};

    arena_reset(r->config_arena);
    AUTO(err_freep) struct err *e = o ? kubevirt_view_make(r->config_arena, o, &k) : NULL;
    if (e) {
        log_error(&lg, "the configuration object is not understood: defaults are used", F_ERR(e));
        k = (struct kubevirt){0};
    }
    r->config = (struct config){
        .launcher_image = r->options.launcher_image,
        .launcher_pull_policy = k.spec.image_pull_policy,
        .disk_pull_policy = k.spec.disk_image_pull_policy,
        .use_emulation = k.spec.use_emulation == TRI_TRUE,
        .gateway = r->options.gateway,
        .gateway_name = r->options.gateway_name,
        .gateway_pins = r->gateway_pins,
        .ca_bundle = r->ca_bundle,
        .default_ports = k.spec.default_ports,
        .log_launcher = k.spec.log_launcher,
        .pod_key = r->pod_key,
        .pod_annotations = k.spec.pod_annotations,
        .image_overlay = k.spec.image_overlay,
        .log_storage = k.spec.log_storage,
        .state_class = str_empty(k.spec.state_class) ? NULL : k.spec.state_class,
    };
    log_set_level(log_level_of_verbosity(k.spec.log_controller.v));
    char *text = config_text(&r->config);
    r->config_version += str_eq(text, r->config_text) ? 0 : 1;
    free(r->config_text);
    r->config_text = text;
}

/* All that views read of it. */
static char *
config_text(const struct config *c)
{
    AUTO(strbuf_fini) struct strbuf lists = STRBUF_INIT(CONFIG_ARENA_MAX);

    for (size_t i = 0; i < c->default_ports.n; i++) {
        const struct port *p = &c->default_ports.items[i];
        (void)strbuf_addf(&lists, " %lld/%d", (long long)p->port,
                          (int)p->protocol); /* the arena's cap is above all ports */
    }
    for (size_t i = 0; i < c->pod_annotations.n; i++) {
        (void)strbuf_addf(&lists, " %s", c->pod_annotations.items[i]); /* as above */
    }
    (void)strbuf_addf(&lists, " %s %s %s", c->image_overlay.text ? c->image_overlay.text : "",
                      c->log_storage.text ? c->log_storage.text : "", c->state_class ? c->state_class : "");
    return xasprintf("%s %d %d %d %s %s %s %s %d %lld%s", c->launcher_image, (int)c->launcher_pull_policy,
                     (int)c->disk_pull_policy, c->use_emulation, c->gateway, c->gateway_name,
                     c->gateway_pins ? c->gateway_pins : "", c->ca_bundle ? c->ca_bundle : "", c->log_launcher.set,
                     (long long)c->log_launcher.v, strbuf_str(&lists));
}

bool
reconciler_error_set(struct reconciler *r, const char *key, const struct err *err, int64_t retry_ms)
{
    struct key_error *e = reconciler_error(r, key);
    const char *text = err_text(err);

    if (e && str_eq(e->text, text)) {
        return false;
    }
    if (!e) {
        e = XNEW(struct key_error);
        memcpy(e->key, key, strlen(key) + 1);
        HASH_ADD_STR(r->errors, key, e);
    }
    free(e->text);
    e->text = xstrdup(text);
    e->hold = true;
    e->is_lasting = err_class(err) == ERR_INVALID;
    e->retry_ms = retry_ms;
    return true;
}

void
reconciler_error_clear(struct reconciler *r, const char *key)
{
    struct key_error *e = reconciler_error(r, key);

    if (e) {
        HASH_DEL(r->errors, e);
        free(e->text);
        free(e);
    }
}

struct key_error *
reconciler_error(const struct reconciler *r, const char *key)
{
    struct key_error *e = NULL;

    HASH_FIND_STR(r->errors, key, e);
    return e;
}

void
reconciler_errors_clear(struct reconciler *r)
{
    struct key_error *e;
    struct key_error *tmp;

    HASH_ITER(hh, r->errors, e, tmp) {
        HASH_DEL(r->errors, e);
        free(e->text);
        free(e);
    }
}

/* The object, or of it no more than the header when the pass has no memory for more. */
static struct object
pass_object(const struct pass *p, const struct object *o)
{
    struct object copy = *o;

    copy.why = o->why ? o->why : p->why;
    return copy;
}

static struct err *
pass_vm(struct pass *p, const struct object *o, struct plan *ret_plan)
{
    struct vm_view v;
    const struct object *vmi = store_get(store_of(p->r, KIND_VMI), o->key);
    const struct object vm_now = pass_object(p, o);
    const struct object vmi_now = vmi ? pass_object(p, vmi) : (struct object){0};
    struct err *e = vm_view_make(p->arena, &vm_now, vmi ? &vmi_now : NULL, p->now_s, p->rnd, &v);

    if (!e) {
        v.last_error = pass_error(p, &v.error_lasts);
        v.hold = p->held;
        vm_plan(&v, ret_plan);
    }
    return e;
}

static struct vmi_sources
pass_sources(const struct reconciler *r)
{
    return (struct vmi_sources){.pods = store_of(r, KIND_POD),
                                .pvcs = store_of(r, KIND_PVC),
                                .services = store_of(r, KIND_SERVICE),
                                .launchers = r->launchers,
                                .foreign = r->foreign,
                                .config = &r->config,
                                .n_waiting = queue_len(r->queue)};
}

/* 0 when the look is to be taken in any case: a failure is to be told or tried again. */
static uint64_t
pass_basis(struct pass *p, enum kind kind, const struct object *o)
{
    const struct reconciler *r = p->r;
    const struct vmi_sources src = pass_sources(r);

    if (reconciler_error(r, p->key)) {
        return 0;
    }
    switch (kind) {
    case KIND_VM:
        return basis_of_vm(o, store_get(store_of(r, KIND_VMI), o->key), r->config_version);
    case KIND_VMI:
        return basis_of_vmi(o, &src, r->config_version);
    case KIND_POD:
    case KIND_PVC:
    case KIND_SERVICE:
    case KIND_KUBEVIRT:
        break;
    }
    return 0;
}

void
pass_settle(struct pass *p, const struct plan_target *target)
{
    AUTO(freep) char *key = xasprintf("%s/%s", target->namespace, target->name);

    if (p->basis) {
        informer_settle(p->r->informers[target->kind], key, p->basis);
    }
}

static struct err *
pass_vmi(struct pass *p, const struct object *o, struct plan *ret_plan)
{
    const struct vmi_sources src = pass_sources(p->r);
    struct vmi_view v;
    const struct object vmi_now = pass_object(p, o);
    struct err *e = vmi_view_make(p->arena, &src, &vmi_now, p->now_s, &v);

    if (!e) {
        v.last_error = pass_error(p, &v.error_lasts);
        v.hold = p->held;
        vmi_plan(&v, ret_plan);
    }
    return e;
}

static struct err *
pass_kubevirt(struct pass *p, const struct object *o, struct plan *ret_plan)
{
    AUTO(freep) char *ours = xasprintf("%s/kubevirt", p->r->options.namespace);
    struct kubevirt k = {0};

    if (!str_eq(o->key, ours)) {
        return NULL; /* somebody else's: not the one that counts */
    }
    struct err *e = kubevirt_view_make(p->arena, o, &k);
    if (!e) {
        kubevirt_plan(p->arena, &k, p->r->options.version, p->now_s, ret_plan);
    }
    return e;
}

/* Text of the last failure of this key; the first pass that reads it holds the action back. */
static const char *
pass_error(struct pass *p, bool *ret_lasts)
{
    struct key_error *e = reconciler_error(p->r, p->key);

    if (!e) {
        return NULL;
    }
    *ret_lasts = e->is_lasting;
    p->held = e->hold;
    p->retry_ms = e->retry_ms;
    e->hold = false;
    return arena_strdup(p->arena, e->text);
}

static const struct store *
store_of(const struct reconciler *r, enum kind kind)
{
    return informer_store(r->informers[kind]);
}
