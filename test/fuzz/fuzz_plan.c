// From caches to plans: the input is a small program that puts, changes and removes odd objects of all kinds, lets launchers talk, time
// pass and plans be carried out. Whatever tenants write, nothing aborts; each look gives a plan or says what is wrong; a status that
// was written is not written again; and the order in which objects came does not matter.
#include "fuzz.h"
#include "tree.h"

#include "api/kinds/kubevirt.h"
#include "api/kinds/launcher_msg.h"
#include "api/kinds/node_capabilities.h"
#include "api/kinds/replicaset.h"
#include "base/log.h"
#include "cache/queue.h"
#include "effect/sync.h"
#include "reconcile/datavolume/data_volume_kind.h"
#include "reconcile/kinds.h"
#include "reconcile/kubevirt/kubevirt_config.h"
#include "reconcile/kubevirt/kubevirt_kind.h"
#include "reconcile/node/asking_kind.h"
#include "reconcile/node/node_kind.h"
#include "reconcile/pod/pod_kind.h"
#include "reconcile/pvc/pvc_kind.h"
#include "reconcile/replicaset/replicaset_kind.h"
#include "reconcile/service/service_kind.h"
#include "reconcile/vm/vm_kind.h"
#include "reconcile/vmi/launcher_pods.h"
#include "reconcile/vmi/pod_claim.h"
#include "reconcile/vmi/vmi_kind.h"

enum {
    NOW_S = 1767225605, /* five seconds into 2026 */
    STEPS_MAX = 48,
    LOOKS_MAX = 400,
    KINDS_MAX = 32,
    CONFIG_ARENA_MAX = 256 * 1024,
    OBJECT_BYTES_MAX = 9 << 20, /* 1.5 MiB as stored, of which each byte may take six here */
};

/* Digits of the Job that asks node n1 below for KVM (api/rules/identity.h). */
#define ASKED "5024fd37e2ad38e1"

static const struct template
{
    const struct kind *kind;
    const struct type *type; /* NULL: none of ours */
    const char *text;
}
templates[] = {
    {&vm_kind, &vm_type,
     "{'apiVersion':'kubevirt.io/"
     "v1','kind':'VirtualMachine','metadata':{'name':'a','namespace':'n','uid':'uid-a','generation':1,"
     "'creationTimestamp':'2026-01-01T00:00:00Z','labels':{'app':'a'}},'spec':{'runStrategy':'Always','"
     "template':{'metadata':{"
     "'labels':{'app':'a'}},'spec':{'domain':{'cpu':{'cores':2},'memory':{'guest':'1Gi'},'devices':{'disks':"
     "[{'name':'root',"
     "'disk':{'bus':'virtio'}},{'name':'data','disk':{'bus':'virtio'}}],'interfaces':[{'name':'default','"
     "masquerade':{},'ports':[{"
     "'port':22}]}]}},'networks':[{'name':'default','pod':{}}],'volumes':[{'name':'root','containerDisk':{'"
     "image':'i:1'}},{"
     "'name':'data','persistentVolumeClaim':{'claimName':'a'}}]}}}}"},
    {&vmi_kind, &vmi_type,
     "{'apiVersion':'kubevirt.io/"
     "v1','kind':'VirtualMachineInstance','metadata':{'name':'a','namespace':'n','uid':'uid-b',"
     "'generation':1,'creationTimestamp':'2026-01-01T00:00:00Z','finalizers':['kubevirt.io/"
     "foregroundDeleteVirtualMachine'],"
     "'labels':{'app':'a'},'ownerReferences':[{'apiVersion':'kubevirt.io/"
     "v1','kind':'VirtualMachine','name':'a','uid':'uid-a',"
     "'controller':true}]},'spec':{'domain':{'memory':{'guest':'1Gi'},'devices':{'disks':[{'name':'root','disk':{'"
     "bus':'virtio'}},"
     "{'name':'data','lun':{}}],'interfaces':[{'name':'default','masquerade':{}},{'name':'blue','bridge':{}}]}},"
     "'networks':[{'name':'default','pod':{}},{'name':'blue','multus':{'networkName':'lab/blue'}}],"
     "'volumes':[{'name':'root','containerDisk':{'image':'i:1'}},{'name':'data','persistentVolumeClaim':{'claimName'"
     ":'a'}}]},"
     "'status':{'phase':'Scheduling','conditions':[{'type':'Ready','status':'False','reason':'GuestNotRunning'}]}}"},
    {&replicaset_kind, &replicaset_type,
     "{'apiVersion':'kubevirt.io/v1','kind':'VirtualMachineInstanceReplicaSet','metadata':{'name':'s','namespace':'n',"
     "'uid':'uid-s','generation':1,'creationTimestamp':'2026-01-01T00:00:00Z'},'spec':{'replicas':2,'selector':{"
     "'matchLabels':{'app':'a'},'matchExpressions':[{'key':'tier','operator':'NotIn','values':['old']}]},'template':{"
     "'metadata':{'labels':{'app':'a'}},'spec':{'domain':{'memory':{'guest':'1Gi'},'devices':{}}}}},'status':{"
     "'replicas':1,'conditions':[{'type':'ReplicaPaused','status':'True','reason':'Paused'}]}}"},
    {&pod_kind, NULL,
     "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'virt-launcher-a','namespace':'n','uid':'uid-of-pod','"
     "generation':1,"
     "'creationTimestamp':'2026-01-01T00:00:01Z','labels':{'kubevirt.io':'virt-launcher','kubevirt.io/"
     "created-by':'uid-b'},"
     "'annotations':{'vmbridge.io/gateway-pins':'PINS','k8s.v1.cni.cncf.io/network-status':'[{\\'interface\\':"
     "\\'pod16477688c0e\\',\\'ips\\':[\\'192.0.2.7\\']}]'},'ownerReferences':[{'apiVersion':'kubevirt.io/v1','kind':"
     "'VirtualMachineInstance','name':'a','uid':'uid-b','controller':true}]},'spec':{'nodeName':'node1'},'status':{'"
     "phase':'Running',"
     "'podIP':'10.0.0.1','podIPs':[{'ip':'10.0.0.1'},{'ip':'::1'}],'qosClass':'Burstable','startTime':'2026-01-"
     "01T00:00:01Z',"
     "'conditions':[{'type':'PodScheduled','status':'True'},{'type':'Ready','status':'True'}],'containerStatuses':[{"
     "'name':"
     "'compute','image':'i:1','state':{'terminated':{'exitCode':1,'reason':'Error','message':'{\\'type\\':\\'"
     "state\\'}'}}}]}}"},
    {&pvc_kind, NULL,
     "{'apiVersion':'v1','kind':'PersistentVolumeClaim','metadata':{'name':'a','namespace':'n','uid':'uid-"
     "c'},'spec':{'accessModes':["
     "'ReadWriteOnce'],'volumeMode':'Block','volumeName':'v','resources':{'requests':{'storage':'1Gi'}}},'"
     "status':{'phase':'Bound',"
     "'capacity':{'storage':'1Gi'}}}"},
    {&data_volume_kind, NULL,
     "{'apiVersion':'cdi.kubevirt.io/"
     "v1beta1','kind':'DataVolume','metadata':{'name':'a','namespace':'n','uid':'uid-k'},"
     "'status':{'phase':'ImportInProgress','conditions':[{'type':'Running','status':'False','reason':'Error','message':"
     "'"
     "m'}]}}"},
    {&service_kind, NULL,
     "{'apiVersion':'v1','kind':'Service','metadata':{'name':'a','namespace':'n','uid':'uid-d'},'spec':"
     "{'selector':{'app':'a'},"
     "'ports':[{'port':80,'targetPort':8080,'protocol':'TCP'},{'port':53,'protocol':'UDP'}]}}"},
    {&kubevirt_kind, &kubevirt_type,
     "{'apiVersion':'kubevirt.io/"
     "v1','kind':'KubeVirt','metadata':{'name':'kubevirt','namespace':'s','uid':'uid-e','generation':1},"
     "'spec':{'configuration':{'developerConfiguration':{'useEmulation':true,'logVerbosity':{'virtController':2,'"
     "virtLauncher':2}},"
     "'bridge':{'defaultOpenPorts':[{'port':22}]}}}}"},
    {&node_kind, NULL,
     "{'apiVersion':'v1','kind':'Node','metadata':{'name':'n1','uid':'uid-f','labels':{'kubevirt.io/"
     "schedulable':'true',"
     "'cpu-model.node.kubevirt.io/EPYC':'true'}},'spec':{},'status':{'allocatable':{'devices.kubevirt.io/kvm':'1k'},"
     "'nodeInfo':{'bootID':'b','operatingSystem':'linux','architecture':'amd64'}}}"},
    {&node_capabilities_kind, &node_capabilities_type,
     "{'apiVersion':'vmbridge.io/v1alpha1','kind':'NodeCapabilities','metadata':{'name':'n1','uid':'uid-g'},'status':{"
     "'job':'node-capabilities-0','bootID':'b','capabilities':{'hypervisor':'kvm','hostModel':'EPYC','cpuModels':["
     "'EPYC','qemu64'],'cpuFeatures':['svm'],'machineTypes':['q35']}}}"},
    {&asking_job_kind, NULL,
     "{'apiVersion':'batch/v1','kind':'Job','metadata':{'name':'node-capabilities-" ASKED
     "','namespace':'s','uid':'uid-h'"
     ",'labels':{'vmbridge.io/asks':'node-capabilities'},'annotations':{'vmbridge.io/node':'n1'}},'status':{"
     "'conditions':[{'type':'Failed','status':'False','message':'late'}]}}"},
    {&asking_pod_kind, NULL,
     "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','namespace':'s','uid':'uid-i','labels':{'vmbridge.io/"
     "asks':"
     "'node-capabilities','batch.kubernetes.io/job-name':'node-capabilities-" ASKED "'},'annotations':{"
     "'vmbridge.io/"
     "node':'n1'}},'status':{'phase':'Succeeded','containerStatuses':[{'state':{'terminated':{'exitCode':0,"
     "'message':'{\\'hypervisor\\':\\'qemu\\',\\'cpuModels\\':[\\'EPYC\\']}'}}}]}}"},
};

static const char *const state_template = "{'type':'state','version':1,'vmiUID':'uid-b','seq':1,'state':'running','"
                                          "since':1767225602,'started':1767225602,'memoryBytes':"
                                          "1073741824,'machineType':'pc-q35-10.0','agent':{'connected':true,'version':'"
                                          "1','hostname':'h','os':{'name':'Debian'},'interfaces':["
                                          "{'name':'eth0','mac':'02:00:00:00:00:01','ipAddresses':['10.0.0.2']}]},'"
                                          "disks':[{'volume':'root','target':'vda','size':1048576}],"
                                          "'nics':[{'network':'default','mac':'02:00:00:00:00:01','ip':'10.0.2.2'}],'"
                                          "openPorts':[{'port':22,'protocol':'TCP'}]}";

/* A controller without an API server. */
struct town {
    struct caches *caches;
    struct sources src;
    struct queue *queue;
    struct key_errors *errors;
    struct arena *config_arena;
    struct config config;
    char *config_text;
    json_t *last[KINDS_MAX]; /* what was put last, for updates; of kinds[] */
    json_t *foreign;         /* UID of the instance that each foreign pod claims, by the pod's key */
    char *pod_name;          /* that the controller gives to the pod of the instance "n/a" */
    char *target_name;       /* and to the pod that its guest is moved to by the migration "m" */
    int64_t now_s;
    unsigned version;
    bool has_headers; /* objects came of which there is only a header */
};

/* As effect/event_handlers.c does; without the wait for whole caches. */
static void
emit(void *arg, const struct kind *kind, const char *store_key)
{
    struct town *t = arg;
    AUTO(freep) char *key = queue_key(kind, store_key);

    queue_add(t->queue, key, QUEUE_UNDER_WAY, 0, 0);
}

/* As effect/reconciler.c does. */
static void
configure(struct town *t)
{
    int64_t verbosity;

    arena_reset(t->config_arena);
    AUTO(err_freep) struct err *e = kubevirt_config(t->config_arena, t->src.caches, "s", &t->config, &verbosity);

    BUG_ON(e && err_class(e) != ERR_INVALID);
    char *text = kubevirt_config_text(&t->config);
    t->src.config_version += str_eq(text, t->config_text) ? 0 : 1;
    free(t->config_text);
    t->config_text = text;
}

static void
on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed)
{
    struct town *t = arg;

    if (kind->is_config) {
        configure(t);
    }
    if (removed) {
        launcher_pods_gone(&t->src, kind, object);
    }
    arrows_follow(&arrows, t->caches, kind, object, emit, t);
}

static void
town_init(struct town *t)
{
    *t = (struct town){.now_s = NOW_S, .version = 1};
    BUG_ON(n_kinds > KINDS_MAX);
    t->config = (struct config){.launcher_image = "launcher:1",
                                .gateway = "gateway.s.svc:8443",
                                .gateway_name = "gateway.s.svc",
                                .gateway_pins = "PINS",
                                .ca_bundle = "PEM"};
    t->caches = caches_new(kinds, n_kinds, on_changed, t);
    t->src = (struct sources){.caches = t->caches,
                              .launchers = launchers_new(),
                              .foreign = foreign_new(),
                              .config = &t->config,
                              .has_pod_key = true, /* all zeros */
                              .namespace = "s",
                              .version = "1"};
    t->errors = key_errors_new();
    t->foreign = json_object();
    AUTO(arena_freep) struct arena *a = arena_new(4096);
    t->pod_name = xstrdup(identity_pod_name(a, &t->config.pod_key, "n", "a", "uid-b"));
    t->target_name = xstrdup(identity_target_name(a, &t->config.pod_key, "n", "a", "uid-b", "m"));
    t->queue = queue_new();
    t->config_arena = arena_new(CONFIG_ARENA_MAX);
    configure(t);
}

static void
town_fini(struct town *t)
{
    for (size_t k = 0; k < n_kinds; k++) {
        json_decref(t->last[k]);
    }
    caches_free(t->caches);
    launchers_free(t->src.launchers);
    foreign_free(t->src.foreign);
    json_decref(t->foreign);
    free(t->pod_name);
    free(t->target_name);
    queue_free(t->queue);
    key_errors_free(t->errors);
    arena_free(t->config_arena);
    free(t->config_text);
}

static json_t **
last_of(struct town *t, const struct kind *kind)
{
    for (size_t k = 0; k < n_kinds; k++) {
        if (kinds[k] == kind) {
            return &t->last[k];
        }
    }
    BUG_ON(true);
}

static const struct store *
store_of(const struct town *t, const struct kind *kind)
{
    return caches_store(t->caches, kind);
}

/* As the gate of pods does: a pod that the controller cannot have made is only noted. */
static bool
is_foreign(struct town *t, const json_t *pod)
{
    const json_t *meta = json_object_get(pod, "metadata");
    const json_t *owner = json_array_get(json_object_get(meta, "ownerReferences"), 0);
    const char *subject = json_str(owner, "uid") ? json_str(owner, "uid") : "";

    if (!json_str(meta, "namespace") || !json_str(meta, "name")) {
        return true;
    }
    AUTO(freep) char *key = xasprintf("%s/%s", json_str(meta, "namespace"), json_str(meta, "name"));
    if (pod_may_be_ours(&t->config.pod_key, pod)) {
        free(foreign_remove(t->src.foreign, key));
        (void)json_object_del(t->foreign, key);
        return false;
    }
    (void)foreign_put(t->src.foreign, key, subject);
    (void)json_object_set_new(t->foreign, key, json_string(subject));
    return true;
}

/* As it comes over the watch: written by the API server, of which the wanted parts are read. 'why' NULL: it is whole. */
static void
hand(struct town *t, const struct kind *kind, const json_t *object, bool removed, const char *why)
{
    AUTO(freep) char *text = json_dumps(object, JSON_COMPACT);
    AUTO(json_freep) json_t *read = NULL;

    if (!text || strlen(text) > OBJECT_BYTES_MAX) {
        return; /* the API server takes no such object */
    }
    AUTO(err_freep) struct err *e = json_part(text, strlen(text), kind->kept.paths, &read);
    BUG_ON(e);
    if (kind != &pod_kind || !is_foreign(t, read)) {
        informer_apply(caches_informer(t->caches, kind), read, removed, why);
    }
}

static void
hand_in(struct town *t, const struct kind *kind, const json_t *object, bool removed)
{
    hand(t, kind, object, removed, NULL);
}

/* After a write of ours: what came as a header does so again. */
static void
hand_back(struct town *t, const struct kind *kind, const json_t *object, bool removed)
{
    const json_t *meta = json_object_get(object, "metadata");
    const char *namespace = json_str(meta, "namespace");
    AUTO(freep) char *key = xasprintf("%s/%s", namespace ? namespace : "", json_str(meta, "name"));
    const struct object *old = store_get(store_of(t, kind), key);
    AUTO(freep) char *why = old && old->why ? xstrdup(old->why) : NULL;

    hand(t, kind, object, removed, why);
}

/* Of an object that the watch could not take whole. */
static void
hand_in_header(struct town *t, const struct kind *kind, const json_t *object)
{
    static const char *const parts[] = {"metadata.name",
                                        "metadata.namespace",
                                        "metadata.uid",
                                        "metadata.resourceVersion",
                                        "metadata.generation",
                                        "metadata.deletionTimestamp",
                                        NULL};
    AUTO(freep) char *text = json_dumps(object, JSON_COMPACT);
    AUTO(json_freep) json_t *read = NULL;

    if (text) {
        AUTO(err_freep) struct err *e = json_part(text, strlen(text), parts, &read);
        BUG_ON(e);
        if (kind != &pod_kind || !is_foreign(t, read)) {
            informer_apply(caches_informer(t->caches, kind), read, false, "it is larger than 512 KiB");
        }
        t->has_headers = true;
    }
}

static void
set_version(struct town *t, json_t *object)
{
    AUTO(freep) char *version = xasprintf("%u", ++t->version);
    json_t *meta = json_object_get(object, "metadata");

    if (json_is_object(meta)) {
        (void)json_object_set_new(meta, "resourceVersion", json_string(version));
    }
}

static const struct template *
template_of(const struct kind *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(templates); i++) {
        if (templates[i].kind == kind) {
            return &templates[i];
        }
    }
    BUG_ON(true);
}

static json_t *
first_of(const struct town *t, const struct kind *kind)
{
    json_t *object = tree_new(template_of(kind)->text);

    if (kind == &pod_kind) {
        (void)json_object_set_new(json_object_get(object, "metadata"), "name", json_string(t->pod_name));
    }
    return object;
}

static json_t *
first_target(const struct town *t)
{
    json_t *pod = first_of(t, &pod_kind);
    json_t *meta = json_object_get(pod, "metadata");

    (void)json_object_set_new(meta, "name", json_string(t->target_name));
    (void)json_object_set_new(meta, "uid", json_string("uid-of-target"));
    (void)json_object_set_new(json_object_get(meta, "labels"), "kubevirt.io/migrationJobUID", json_string("m"));
    return pod;
}

static void
step_put(struct town *t, const struct kind *kind, struct bytes *b)
{
    uint8_t how = bytes_next(b);
    json_t **last = last_of(t, kind);
    const struct type *type = template_of(kind)->type;
    bool is_target = kind == &pod_kind && how >> 4 == 13;
    json_t *object = (how & 1) && *last ? json_deep_copy(*last) : is_target ? first_target(t) : first_of(t, kind);

    for (unsigned n = how >> 1 & 7; n > 0; n--) {
        uint8_t what = bytes_next(b);
        json_t *meta = json_object_get(object, "metadata");
        if (what % 4 == 0 && json_is_object(meta)) {
            tree_change(meta, &meta_type, b);
        } else if (what % 4 != 1 && type) {
            tree_change(object, type, b);
        } else {
            tree_twist(object, b);
        }
    }
    set_version(t, object);
    if (how >> 4 == 14) {
        hand_in_header(t, kind, object);
    } else {
        hand_in(t, kind, object, how >> 4 == 15);
    }
    json_decref(*last);
    *last = object;
}

/* As the gateway does: what cannot be decoded goes no further. */
static void
step_launcher(struct town *t, struct bytes *b)
{
    AUTO(json_freep) json_t *j = tree_new(state_template);
    AUTO(json_freep) json_t *read = NULL;
    const char *type = NULL;
    uint8_t how = bytes_next(b);
    const struct object *vmi = store_get(store_of(t, &vmi_kind), "n/a");
    bool is_target = how >> 6 == 3;
    AUTO(freep) char *pod_key = xasprintf("n/%s", is_target ? t->target_name : t->pod_name);
    const struct object *pod = store_get(store_of(t, &pod_kind), pod_key);
    const char *vmi_uid = vmi ? vmi->uid : "uid-b";
    const char *pod_uid = pod ? pod->uid : is_target ? "uid-of-target" : "uid-of-pod";

    if (how % 8 == 7) {
        launchers_disconnected(t->src.launchers, vmi_uid, pod_uid);
        return;
    }
    for (unsigned n = how >> 3 & 7; n > 0; n--) {
        tree_change(j, &launcher_state_type, b);
    }
    AUTO(freep) char *text = json_dumps(j, JSON_COMPACT);
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, strlen(text), &read, &type);
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    struct launcher_state state;
    if (!e) {
        e = api_decode(&launcher_state_type, read, a, &state);
    }
    if (!e && vmi) {
        launchers_name(t->src.launchers, vmi_uid, vmi->key);
        launchers_connected(t->src.launchers, vmi_uid, pod_uid);
        (void)launchers_state(t->src.launchers, vmi_uid, pod_uid, text, strlen(text));
        emit(t, &vmi_kind, vmi->key);
    }
}

/* The cached object of a plan's target, or of its action, as a tree. */
static json_t *
cached(const struct town *t, const struct kind *kind, const char *namespace, const char *name)
{
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, name);
    const struct object *o = store_get(store_of(t, kind), key);
    json_t *j = NULL;

    if (o) {
        struct err *e = object_parse(o, SIZE_MAX, &j);
        BUG_ON(e);
    }
    return j;
}

/* RFC 7386, as deep as a status may be. */
static void
merge(json_t *to, const json_t *patch, unsigned depth) // NOLINT(misc-no-recursion): JSON_DEPTH_MAX
{
    const char *key;
    json_t *value;

    BUG_ON(depth > JSON_DEPTH_MAX);
    json_object_foreach((json_t *)(uintptr_t)patch, key, value) {
        if (json_is_null(value)) {
            (void)json_object_del(to, key);
        } else if (json_is_object(value)) {
            if (!json_is_object(json_object_get(to, key))) {
                (void)json_object_set_new(to, key, json_object());
            }
            merge(json_object_get(to, key), value, depth + 1);
        } else {
            (void)json_object_set(to, key, value);
        }
    }
}

/* The create was answered: from now on only that pod is the instance's. */
static void
made(struct town *t, const char *key, const json_t *pod)
{
    const char *vmi_key = strchr(key, '/') + 1;
    const struct object *vmi = store_get(store_of(t, &vmi_kind), vmi_key);

    if (vmi) {
        launchers_name(t->src.launchers, vmi->uid, vmi_key);
        launchers_made(t->src.launchers, vmi->uid, json_str(json_object_get(pod, "metadata"), "uid"));
    }
}

/* A finding that shows what differs. */
static void
demand(bool is_right, const char *key, const json_t *one, const json_t *two)
{
    if (!is_right) {
        AUTO(freep) char *a = one ? json_compact(one) : xstrdup("");
        AUTO(freep) char *b = two ? json_compact(two) : xstrdup("");
        (void)fprintf(stderr, "%s: %s\n%s\n", key, a, b);
        BUG_ON(true);
    }
}

/* Never two guests of one name: no pod is made while another one lives that the controller made for it. */
static void
check_alone(const struct town *t, const char *key)
{
    AUTO(json_freep) json_t *target = cached(t, &pod_kind, "n", t->target_name);
    const char *phase = json_str(json_object_get(target, "status"), "phase");
    bool is_over = str_eq(phase, "Succeeded") || str_eq(phase, "Failed");

    demand(!str_eq(key, "vmi/n/a") || !target || is_over, key, target, NULL);
}

/* Of the instance "a" and of its pod those that other steps know. */
static json_t *
uid_of_made(const struct kind *kind, const char *name)
{
    if (kind == &pod_kind) {
        return json_string("uid-of-pod");
    }
    return str_eq(name, "a") ? json_string("uid-b") : json_sprintf("uid-of-%s", name);
}

static void
create(struct town *t, const char *key, const struct action *a)
{
    const struct kind *kind = a->kind;
    AUTO(json_freep) json_t *object = json_deep_copy(a->body);
    json_t *meta = json_object_get(object, "metadata");

    (void)json_object_set_new(meta, "uid", uid_of_made(kind, a->name));
    (void)json_object_set_new(meta, "creationTimestamp", json_string("2026-01-01T00:00:05Z"));
    set_version(t, object);
    hand_in(t, kind, object, false);
    if (kind == &pod_kind) {
        check_alone(t, key);
        made(t, key, object);
    }
}

/* What the API server makes of an action; the kubelet is quick. False: the run ends there. */
static bool
carry_out(struct town *t, const char *key, const struct action *a)
{
    const struct kind *kind = a->kind;
    AUTO(json_freep) json_t *object = cached(t, kind, a->namespace, a->name);
    json_t *meta = json_object_get(object, "metadata");

    if (a->verb == VERB_SEEK) {
        return !object || (a->uid && !str_eq(json_str(meta, "uid"), a->uid));
    }
    if (a->verb == VERB_CONFIRM) {
        return object && str_eq(json_str(meta, "uid"), a->uid) && !json_object_get(meta, "deletionTimestamp");
    }
    if (a->verb == VERB_READ_EVENTS) {
        const char *vmi_key = strchr(key, '/') + 1;
        const struct object *vmi = store_get(store_of(t, &vmi_kind), vmi_key);
        if (vmi) {
            launchers_name(t->src.launchers, vmi->uid, vmi_key);
            (void)launchers_warned(t->src.launchers, vmi->uid, NULL, t->now_s);
        }
        return true;
    }
    if (a->verb == VERB_CREATE) {
        if (!object) { /* else the name is taken */
            create(t, key, a);
        }
        return true;
    }
    if (!object || !str_eq(json_str(meta, "uid"), a->uid)) {
        return true;
    }
    if (a->verb == VERB_JSON_PATCH) {
        (void)json_object_del(meta, str_eq(a->as, "let-go-vmi") ? "ownerReferences"
                                                                : "finalizers"); /* the cache knows of no others */
    } else if (a->body) {
        merge(object, a->body, 0);
    } else {
        (void)json_object_set_new(meta, "deletionTimestamp", json_string("2026-01-01T00:00:06Z"));
    }
    set_version(t, object);
    bool is_going = json_object_get(meta, "deletionTimestamp");
    hand_back(t, kind, object, is_going && json_array_size(json_object_get(meta, "finalizers")) == 0);
    return true;
}

/* What is sent can be read, and names what it means. */
static void
check_text(const char *text)
{
    AUTO(json_freep) json_t *j = json_string(text);

    BUG_ON(!text || !j);
}

static void
check_body(const json_t *body)
{
    AUTO(freep) char *text = json_compact(body);
    AUTO(json_freep) json_t *again = NULL;
    AUTO(err_freep) struct err *e = json_parse(text, strlen(text), SIZE_MAX, &again);

    BUG_ON(e || !(json_is_object(again) || json_is_array(again))); /* a JSON patch is a list */
}

static void
check_plan(const struct plan *p)
{
    for (size_t i = 0; i < p->n_actions; i++) {
        const struct action *a = &p->actions[i];
        bool is_seek = a->verb == VERB_SEEK;
        bool is_bare = is_seek || a->verb == VERB_DELETE || a->verb == VERB_READ_EVENTS || a->verb == VERB_CONFIRM;
        check_text(a->namespace);
        check_text(a->name);
        demand(a->verb == VERB_CREATE || is_seek || !str_empty(a->uid), p->rule, a->body, NULL);
        BUG_ON(!a->body != is_bare);
        if (a->body) {
            check_body(a->body);
        }
    }
    for (size_t i = 0; i < p->n_events; i++) {
        BUG_ON(str_empty(p->events[i].type) || str_empty(p->events[i].reason) || str_empty(p->events[i].message));
        check_text(p->events[i].message);
    }
    if (p->status_new) {
        check_body(p->status_new);
    }
    BUG_ON(p->requeue_ms < 0);
}

/* The view and the plan of a key; false when there is nothing to look at, or when what is wrong was said. */
static bool
plan_of(struct town *t, const char *key, struct arena *a, struct plan *ret_plan)
{
    const struct sync_call call = {
        .src = &t->src, .errors = t->errors, .key = key, .arena = a, .now_s = t->now_s, .rnd = 7};
    struct sync_result result;
    AUTO(err_freep) struct err *e = sync_run(&call, &result);

    *ret_plan = result.plan;
    if (e) {
        BUG_ON(err_class(e) != ERR_INVALID || str_empty(err_text(e)));
        return false;
    }
    if (!ret_plan->rule) {
        return false;
    }
    check_plan(ret_plan);
    return !arena_is_over(a);
}

static json_t *
status_patch(const struct plan *p)
{
    AUTO(json_freep) json_t *none = json_object();
    AUTO(json_freep)
    json_t *diff = p->status_new ? json_merge_diff(p->status_old ? p->status_old : none, p->status_new) : NULL;

    return diff ? json_pack("{s:O}", "status", diff) : NULL;
}

/* Writes the status of a plan; false when there is nothing to write. */
static bool
write_status(struct town *t, const char *key, const struct plan *p)
{
    const char *namespace = strchr(key, '/') + 1;
    const char *name = strchr(namespace, '/') + 1;
    AUTO(freep) char *in = xstrndup(namespace, (size_t)(name - namespace) - 1);
    AUTO(json_freep) json_t *object = cached(t, caches_kind_of(t->caches, key), in, name);
    AUTO(json_freep) json_t *patch = status_patch(p);

    if (!patch || !object) {
        return false;
    }
    if (p->status_anew) {
        (void)json_object_del(object, "statusLost"); /* of the cache; the answer to such a write has all that there is */
        (void)json_object_set(object, "status", (json_t *)(uintptr_t)p->status_new);
    } else {
        merge(object, patch, 0);
    }
    set_version(t, object);
    hand_back(t, caches_kind_of(t->caches, key), object, false);
    return true;
}

/* As plan_run does: the actions, then the status, then word to the launcher. */
static void
look(struct town *t, const char *key)
{
    AUTO(arena_freep) struct arena *a = arena_new(SYNC_ARENA_MAX);
    AUTO(arena_freep) struct arena *a2 = arena_new(SYNC_ARENA_MAX);
    struct plan p = {0}, again = {0};

    if (!plan_of(t, key, a, &p)) {
        return;
    }
    for (size_t i = 0; i < p.n_actions; i++) {
        if (!carry_out(t, key, &p.actions[i])) {
            return;
        }
    }
    bool wrote = write_status(t, key, &p);
    if (wrote && p.n_actions == 0 && plan_of(t, key, a2, &again)) {
        AUTO(json_freep) json_t *patch = status_patch(&again);
        demand(!patch, key, patch, NULL); /* else it is written once more, and so for ever */
        BUG_ON(again.n_actions > 0);      /* it would have been right before */
    }
    const struct object *o = store_get(store_of(t, caches_kind_of(t->caches, key)), strchr(key, '/') + 1);
    for (size_t i = 0; i < p.n_desired && o; i++) {
        launchers_sent(t->src.launchers, o->uid, p.desired[i].pod_uid, p.desired[i].text);
    }
}

static void
step_look(struct town *t, unsigned n_max)
{
    for (unsigned i = 0; i < n_max; i++) {
        const char *key = queue_pop(t->queue, 0);
        if (!key) {
            return;
        }
        look(t, key);
        queue_done(t->queue, key, 0);
    }
}

/* Without news from outside there is an end to what is to be done. */
static void
settle(struct town *t)
{
    step_look(t, LOOKS_MAX);
    const char *key = queue_pop(t->queue, 0);
    if (key) {
        (void)fprintf(stderr, "%s: looked at again and again\n", key);
        BUG_ON(true);
    }
}

static void
step_list(struct town *t, const struct kind *kind)
{
    informer_begin(caches_informer(t->caches, kind));
    json_t *last = *last_of(t, kind);
    if (last) {
        set_version(t, last);
        hand_in(t, kind, last, false);
    }
    informer_synced(caches_informer(t->caches, kind));
}

static void
step(struct town *t, struct bytes *b)
{
    static const struct kind *const puts[] = {&vm_kind,  &vm_kind,  &vmi_kind,     &vmi_kind,     &pod_kind,
                                              &pod_kind, &pvc_kind, &service_kind, &kubevirt_kind};
    size_t op = bytes_below(b, 16);

    if (op < ARRAY_LEN(puts)) {
        step_put(t, puts[op], b);
    } else if (op < 12) {
        step_launcher(t, b);
    } else if (op < 14) {
        step_look(t, op == 12 ? 1 : LOOKS_MAX);
    } else if (op == 14) {
        t->now_s += 1LL << bytes_below(b, 24);
    } else {
        step_list(t, kinds[bytes_below(b, n_kinds)]);
    }
}

struct backwards {
    json_t *objects;
    struct town *to;
};

static bool
collect(void *arg, const struct object *o)
{
    json_t *j = NULL;
    struct err *e = object_parse(o, SIZE_MAX, &j);

    BUG_ON(e);
    (void)json_array_append_new(arg, j);
    return true;
}

static json_t *
plan_json(const struct plan *p)
{
    json_t *desired = json_object();
    json_t *j = json_pack("{s:s, s:o?, s:o}", "rule", p->rule, "status", status_patch(p), "desired", desired);
    json_t *actions = json_array();

    for (size_t i = 0; i < p->n_desired; i++) {
        (void)json_object_set_new(desired, p->desired[i].pod_uid, json_string(p->desired[i].text));
    }

    for (size_t i = 0; i < p->n_actions; i++) {
        const struct action *a = &p->actions[i];
        (void)json_array_append_new(actions,
                                    json_pack("{s:s, s:s, s:O?}", "action", a->as, "name", a->name, "body", a->body));
    }
    (void)json_object_set_new(j, "actions", actions);
    return j;
}

static void
compare(struct town *t, struct town *other, const struct kind *kind)
{
    AUTO(json_freep) json_t *objects = json_array();
    size_t i;
    json_t *o;

    store_each(store_of(t, kind), collect, objects);
    json_array_foreach(objects, i, o) {
        const json_t *meta = json_object_get(o, "metadata");
        AUTO(freep)
        char *key = xasprintf("%s/%s/%s", kind->name, json_str(meta, "namespace"), json_str(meta, "name"));
        AUTO(arena_freep) struct arena *a = arena_new(SYNC_ARENA_MAX);
        AUTO(arena_freep) struct arena *a2 = arena_new(SYNC_ARENA_MAX);
        struct plan p = {0}, q = {0};
        bool is_planned = plan_of(t, key, a, &p);
        BUG_ON(is_planned != plan_of(other, key, a2, &q));
        if (is_planned) {
            AUTO(json_freep) json_t *one = plan_json(&p);
            AUTO(json_freep) json_t *two = plan_json(&q);
            demand(json_equal(one, two), key, one, two);
        }
    }
}

/* The same objects come in another order, to a controller that knows nothing yet: it decides the same. */
static void
check_order(struct town *t)
{
    struct town other;
    const char *key;
    json_t *subject;

    town_init(&other);
    launchers_clear(t->src.launchers); /* they dial in again */
    other.now_s = t->now_s;
    json_object_foreach(t->foreign, key, subject) {
        (void)foreign_put(other.src.foreign, key, json_string_value(subject));
    }
    for (size_t k = n_kinds; k-- > 0;) {
        AUTO(json_freep) json_t *objects = json_array();
        store_each(store_of(t, kinds[k]), collect, objects);
        for (size_t i = json_array_size(objects); i > 0; i--) {
            informer_apply(caches_informer(other.caches, kinds[k]), json_array_get(objects, i - 1), false, NULL);
        }
    }
    for (size_t k = 0; k < n_kinds; k++) {
        if (kinds[k]->sync) {
            compare(t, &other, kinds[k]);
        }
    }
    town_fini(&other);
}

static bool
is_whole(void *arg, const struct object *object)
{
    *(bool *)arg = object->why == NULL;
    return *(bool *)arg;
}

/* Objects of which more came than is known: that the cache holds no more of one says nothing to another cache. */
static bool
has_headers(const struct town *t)
{
    bool are_whole = !t->has_headers;

    for (size_t k = 0; are_whole && k < n_kinds; k++) {
        store_each(store_of(t, kinds[k]), is_whole, &are_whole);
    }
    return !are_whole;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = {.at = data, .left = size};
    struct town t;

    town_init(&t);
    for (unsigned i = 0; i < STEPS_MAX && b.left > 0; i++) {
        step(&t, &b);
    }
    settle(&t);
    if (!has_headers(&t)) {
        check_order(&t);
    }
    town_fini(&t);
    return 0;
}
