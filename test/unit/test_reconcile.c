// The rules of VM and VMI, one YAML file a case (test/golden/reconcile): objects in, rule, actions, status and events out; every rule
// has a case; what is planned, done and planned again comes to rest; order of events does not matter.
#include "api/kinds/defaults.h"
#include "api/kinds/instance.h"
#include "base/clock.h"
#include "base/yaml.h"
#include "reconcile/rules.h"
#include "reconcile/vmi/launcher_pods.h"
#include "world.h"

#include <check.h>
#include <dirent.h>

/* A start takes five hops: instance, pod, its status, the status of the VM, rest; one more for what is cleared before. */
enum { NAMES_MAX = 16, CASES_MAX = 512, FILE_MAX = 256 * 1024, ROUNDS_MAX = 6 };

static char *case_files[CASES_MAX];
static size_t n_cases;

static int
name_order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
find_cases(void)
{
    const char *root = getenv("VMB_TEST_DIR");
    AUTO(freep) char *dir = xasprintf("%s/../golden/reconcile", root ? root : ".");
    DIR *d = opendir(dir);

    BUG_ON(!d);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        if (strstr(e->d_name, ".yaml")) {
            BUG_ON(n_cases == CASES_MAX);
            case_files[n_cases++] = xasprintf("%s/%s", dir, e->d_name);
        }
    }
    (void)closedir(d);
    qsort(case_files, n_cases, sizeof(*case_files), name_order);
}

static json_t *
read_case(const char *file)
{
    AUTO(fclosep) FILE *f = fopen(file, "re");
    AUTO(freep) char *text = xcalloc(FILE_MAX, 1);
    json_t *docs = NULL;

    ck_assert_msg(f != NULL, "open %s", file);
    size_t len = fread(text, 1, FILE_MAX - 1, f);
    AUTO(err_freep) struct err *e = yaml_parse(text, len, FILE_MAX, &docs);
    ck_assert_msg(!e, "%s: %s", file, e ? err_text(e) : "");
    ck_assert_msg(json_array_size(docs) == 1, "%s: one document wanted", file);
    json_t *c = json_incref(json_array_get(docs, 0));
    json_decref(docs);
    return c;
}

/* {vmi, pod, state, left}: it is on the line, or has left it, and has said that. NULL: nobody is. */
static void
let_speak(struct world *w, const json_t *launcher)
{
    const char *vmi = json_str(launcher, "vmi");
    const char *pod = json_str(launcher, "pod");

    if (launcher) {
        AUTO(freep) char *text = json_dumps(json_object_get(launcher, "state"), JSON_COMPACT);
        launchers_name(w->launchers, vmi, "default/a");
        launchers_connected(w->launchers, vmi, pod);
        ck_assert(!text || launchers_state(w->launchers, vmi, pod, text, strlen(text)));
        if (json_bool(launcher, "left", false)) {
            launchers_disconnected(w->launchers, vmi, pod);
        }
    }
}

static void
fill_world(struct world *w, const json_t *c, bool backwards)
{
    const json_t *objects = json_object_get(c, "objects");
    size_t n = json_array_size(objects);
    const char *now = json_str(c, "now");
    const char *key_made = json_str(c, "podKeyMade");

    world_init(w);
    ck_assert(!key_made || clock_parse(key_made, &w->config.pod_key.made_s));
    ck_assert(!now || clock_parse(now, &w->now_s));
    for (size_t i = 0; i < n; i++) {
        world_put(w, json_array_get(objects, backwards ? n - 1 - i : i));
    }
    let_speak(w, json_object_get(c, "launcher"));
    size_t i_launcher;
    json_t *launcher;
    json_array_foreach(json_object_get(c, "launchers"), i_launcher, launcher) {
        let_speak(w, launcher);
    }
    static const char *patterns[8];
    size_t i_pattern;
    json_t *pattern;
    json_array_foreach(json_object_get(c, "podAnnotations"), i_pattern, pattern) {
        BUG_ON(i_pattern == ARRAY_LEN(patterns));
        patterns[i_pattern] = json_string_value(pattern);
        w->config.pod_annotations = (struct str_list){.items = patterns, .n = i_pattern + 1};
    }
    static const char *host_disk_path;
    host_disk_path = json_str(c, "hostDiskPath");
    w->config.host_disk_paths = (struct str_list){.items = &host_disk_path, .n = host_disk_path ? 1 : 0};
    static const char *permitted[8];
    json_array_foreach(json_object_get(c, "permittedDevices"), i_pattern, pattern) {
        BUG_ON(i_pattern == ARRAY_LEN(permitted));
        permitted[i_pattern] = json_string_value(pattern);
        w->config.permitted_devices = (struct str_list){.items = permitted, .n = i_pattern + 1};
    }
    if (json_str(c, "madePod")) {
        launchers_name(w->launchers, "uid-of-vmi", "default/a");
        launchers_made(w->launchers, "uid-of-vmi", json_str(c, "madePod"));
    }
    if (json_str(c, "warnings")) {
        launchers_name(w->launchers, "uid-of-vmi", "default/a");
        (void)launchers_warned(w->launchers, "uid-of-vmi", json_str(c, "warnings"), w->now_s);
    }
    if (json_bool(c, "withoutCDI", false)) {
        informer_absent(world_informer(w, &data_volume_kind), false);
    }
    if (json_bool(c, "refusedCDI", false)) {
        informer_absent(world_informer(w, &data_volume_kind), true);
    }
    if (json_bool(c, "withoutCA", false)) {
        w->config.gateway_pins = w->config.ca_bundle = NULL;
    }
    w->config.use_emulation = json_bool(c, "useEmulation", true);
    w->config.vhost_net = json_bool(c, "vhostNet", true);
    w->config.asks_nodes = json_bool(c, "asksNodes", false);
    w->n_waiting = (size_t)json_int(c, "waiting", 0);
}

static const json_t *
condition_of(const json_t *status, const char *type)
{
    size_t i;
    json_t *c;

    json_array_foreach(json_object_get(status, "conditions"), i, c) {
        if (str_eq(json_str(c, "type"), type)) {
            return c;
        }
    }
    return NULL;
}

/* "True", "False/Reason", "False/Reason: the message" or "absent". */
static void
check_conditions(const char *file, const json_t *status, const json_t *want)
{
    const char *type;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)want, type, value) {
        const json_t *c = condition_of(status, type);
        AUTO(freep)
        char *have = c ? xasprintf("%s/%s", json_str(c, "status"), json_str(c, "reason") ? json_str(c, "reason") : "")
                       : xstrdup("absent");
        const char *w = json_string_value(value);
        if (c && strstr(w, ": ")) {
            AUTO(freep) char *more = xasprintf("%s: %s", have, json_str(c, "message"));
            ck_assert_msg(str_eq(more, w), "%s: condition %s is %s, want %s", file, type, more, w);
            continue;
        }
        bool same = strchr(w, '/') ? str_eq(have, w) : strncmp(have, w, strlen(w)) == 0;
        ck_assert_msg(same, "%s: condition %s is %s, want %s", file, type, have, w);
        ck_assert_msg(!c || !str_eq(json_str(c, "status"), "False") || !str_empty(json_str(c, "message")),
                      "%s: condition %s is False without a message", file, type);
    }
}

/* 'want': the whole message by the condition's type. */
static void
check_messages(const char *file, const json_t *status, const json_t *want)
{
    const char *type;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)want, type, value) {
        const json_t *c = condition_of(status, type);
        ck_assert_msg(c && str_eq(json_str(c, "message"), json_string_value(value)),
                      "%s: condition %s says '%s', want '%s'", file, type, c ? json_str(c, "message") : "(absent)",
                      json_string_value(value));
    }
}

/* Every key of 'want' must be in 'have'; the value null means that it must not. */
static void
check_subset(const char *file, const char *path, const json_t *have, const json_t *want)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)want, key, value) {
        AUTO(freep) char *at = xasprintf("%s.%s", path, key);
        const json_t *got = json_object_get(have, key);
        if (str_eq(key, "conditions")) {
            check_conditions(file, have, value);
        } else if (json_is_object(value)) {
            ck_assert_msg(json_is_object(got), "%s: %s is no object", file, at);
            check_subset(file, at, got, value);
        } else if (json_is_null(value)) {
            ck_assert_msg(!got, "%s: %s is there", file, at);
        } else {
            AUTO(freep) char *text = got ? json_dumps(got, JSON_ENCODE_ANY) : xstrdup("absent");
            ck_assert_msg(got && json_equal(got, value), "%s: %s is %s", file, at, text);
        }
    }
}

static void
check_names(const char *file, const char *what, const json_t *want, size_t n, const char *const *have)
{
    ck_assert_msg(json_array_size(want) == n, "%s: %zu %s, want %zu (first: %s)", file, n, what, json_array_size(want),
                  n > 0 ? have[0] : "none");
    for (size_t i = 0; i < n; i++) {
        const char *w = json_string_value(json_array_get(want, i));
        ck_assert_msg(str_eq(have[i], w), "%s: %s %zu is %s, want %s", file, what, i, have[i], w);
    }
}

static const json_t *
pod_of(const struct plan *p)
{
    for (size_t i = 0; i < p->n_actions; i++) {
        if (p->actions[i].verb == VERB_CREATE && p->actions[i].kind == &pod_kind) {
            return p->actions[i].body;
        }
    }
    return NULL;
}

/* 'want': by the pod's UID the ports that its launcher is told to open; whoever is not named is told nothing. */
static void
check_told(const char *file, const json_t *want, const struct plan *p)
{
    ck_assert_msg(json_object_size(want) == p->n_desired, "%s: %zu launchers are told something", file, p->n_desired);
    for (size_t i = 0; i < p->n_desired; i++) {
        AUTO(json_freep) json_t *text = json_loads(p->desired[i].text, 0, NULL);
        AUTO(json_freep) json_t *ports = json_array();
        size_t k;
        json_t *port;
        json_array_foreach(json_object_get(text, "openPorts"), k, port) {
            (void)json_array_append(ports, json_object_get(port, "port"));
        }
        ck_assert_msg(json_equal(ports, json_object_get(want, p->desired[i].pod_uid)), "%s: pod %s is told %s", file,
                      p->desired[i].pod_uid, p->desired[i].text);
    }
}

static void
check_plan(const char *file, const json_t *want, const struct plan *p)
{
    const char *names[NAMES_MAX];

    ck_assert_msg(str_eq(p->rule, json_str(want, "rule")), "%s: rule %s, want %s", file, p->rule,
                  json_str(want, "rule"));
    BUG_ON(p->n_actions > NAMES_MAX || p->n_events > NAMES_MAX);
    for (size_t i = 0; i < p->n_actions; i++) {
        names[i] = p->actions[i].as;
    }
    check_names(file, "actions", json_object_get(want, "actions"), p->n_actions, names);
    for (size_t i = 0; i < p->n_actions; i++) {
        names[i] = p->actions[i].name;
    }
    if (json_object_get(want, "names")) {
        check_names(file, "names", json_object_get(want, "names"), p->n_actions, names);
    }
    if (json_object_get(want, "events")) {
        for (size_t i = 0; i < p->n_events; i++) {
            names[i] = p->events[i].reason;
        }
        check_names(file, "events", json_object_get(want, "events"), p->n_events, names);
    }
    if (json_object_get(want, "pod")) {
        check_subset(file, "pod", pod_of(p), json_object_get(want, "pod"));
    }
    if (json_object_get(want, "made")) { /* by the first action */
        check_subset(file, "made", p->n_actions > 0 ? p->actions[0].body : NULL, json_object_get(want, "made"));
    }
    if (json_object_get(want, "container")) {
        const json_t *container = json_array_get(json_at(pod_of(p), "spec", "containers", NULL), 0);
        check_subset(file, "container", container, json_object_get(want, "container"));
    }
    if (json_is_null(json_object_get(want, "status"))) {
        ck_assert_msg(!p->status_new, "%s: a status is written", file);
    } else {
        check_subset(file, "status", p->status_new, json_object_get(want, "status"));
    }
    check_messages(file, p->status_new, json_object_get(want, "messages"));
    if (json_object_get(want, "quiet")) {
        bool is_quiet = p->n_actions == 0 && (!p->status_new || json_equal(p->status_old, p->status_new));
        ck_assert_msg(is_quiet == json_bool(want, "quiet", true), "%s: quiet is %d", file, is_quiet);
    }
    if (json_object_get(want, "requeue")) {
        ck_assert_msg((p->requeue_ms > 0) == json_bool(want, "requeue", true), "%s: requeue_ms %lld", file,
                      (long long)p->requeue_ms);
    }
    if (json_object_get(want, "desired")) {
        ck_assert_msg((p->n_desired > 0) == json_bool(want, "desired", true), "%s: desired %s", file,
                      p->n_desired > 0 ? p->desired[0].text : "(none)");
    }
    if (json_object_get(want, "told")) {
        check_told(file, json_object_get(want, "told"), p);
    }
}

START_TEST(plan_is_as_written)
{
    const char *file = case_files[_i];
    AUTO(json_freep) json_t *c = read_case(file);

    for (int backwards = 0; backwards < 2; backwards++) {
        AUTO(arena_freep) struct arena *a = arena_new(4 * 1024 * 1024);
        struct world w;
        struct plan p = {0};
        fill_world(&w, c, backwards);
        ck_assert_msg(world_plan(&w, json_str(c, "key"), a, &p), "%s: no object for key %s", file, json_str(c, "key"));
        check_plan(file, json_object_get(c, "want"), &p);
        world_fini(&w);
    }
}
END_TEST

START_TEST(what_is_done_comes_to_rest)
{
    const char *file = case_files[_i];
    AUTO(json_freep) json_t *c = read_case(file);
    struct world w;

    fill_world(&w, c, false);
    w.now_s += 3600; /* no start is held back by time */
    unsigned max = ROUNDS_MAX + (unsigned)json_int(c, "moreRounds", 0);
    ck_assert_msg(world_settle(&w, max) <= max, "%s: no rest after %u rounds", file, max);
    world_fini(&w);
}
END_TEST

/* The spec in full, but for what a pod says in fields of Kubernetes. */
static json_t *
machine_text(struct arena *a, const struct vmi_spec *s)
{
    static const char *const others[] = {
        "nodeSelector",  "affinity",       "tolerations",     "topologySpreadConstraints",
        "dnsConfig",     "dnsPolicy",      "schedulerName",   "priorityClassName",
        "livenessProbe", "readinessProbe", "imagePullPolicy", "imagePullSecret"};
    json_t *j = json_in_arena(a, api_encode(&vmi_spec_type, s));
    size_t i;
    json_t *volume;

    for (size_t k = 0; k < ARRAY_LEN(others); k++) {
        (void)json_object_del(j, others[k]); /* or it is absent */
        (void)json_object_del(json_at(j, "domain", "firmware", "kernelBoot", "container", NULL), others[k]);
        json_array_foreach(json_object_get(j, "volumes"), i, volume) {
            (void)json_object_del(json_object_get(volume, "containerDisk"), others[k]);
        }
    }
    return j;
}

static void
check_instance(const char *file, const json_t *c, const json_t *pod, struct arena *a)
{
    const char *text = json_str(json_at(pod, "metadata", "annotations", NULL), INSTANCE_ANNOTATION);
    struct instance i = {0};
    struct vmi_spec s = {0};
    json_t *j = NULL;
    size_t k;
    json_t *object;

    ck_assert_ptr_null(json_parse(text, strlen(text), FILE_MAX, &j));
    AUTO(err_freep) struct err *e = api_decode(&instance_type, json_in_arena(a, j), a, &i);
    ck_assert_msg(!e, "%s: %s", file, e ? err_text(e) : "");
    ck_assert_ptr_null(instance_complete(&i, a));
    json_array_foreach(json_object_get(c, "objects"), k, object) {
        if (str_eq(json_str(object, "kind"), "VirtualMachineInstance")) {
            ck_assert_ptr_null(api_decode(&vmi_spec_type, json_object_get(object, "spec"), a, &s));
        }
    }
    vmi_spec_default(&s, a, &(struct default_options){.name = i.name});
    const json_t *want = machine_text(a, &s);
    const json_t *got = machine_text(a, &i.spec);
    ck_assert_msg(json_equal(want, got), "%s: the launcher runs %s, not %s", file, json_text(got, a),
                  json_text(want, a));
    ck_assert_str_eq(i.hostname, s.hostname);
}

/* What is not said in the pod is filled in by the launcher as the controller did. */
START_TEST(the_launcher_comes_to_the_same_machine)
{
    size_t n_pods = 0;

    for (size_t i = 0; i < n_cases; i++) {
        AUTO(json_freep) json_t *c = read_case(case_files[i]);
        AUTO(arena_freep) struct arena *a = arena_new(4 * 1024 * 1024);
        struct world w;
        struct plan p = {0};
        fill_world(&w, c, false);
        ck_assert(world_plan(&w, json_str(c, "key"), a, &p));
        const json_t *pod = pod_of(&p);
        if (pod) {
            check_instance(case_files[i], c, pod, a);
            n_pods++;
        }
        world_fini(&w);
    }
    ck_assert_uint_ge(n_pods, 3);
}
END_TEST

static uint64_t
fingerprint(const struct world *w, const struct kind *kind)
{
    const struct sources src = world_sources(w);

    return kind->fingerprint(&src, store_get(world_store(w, kind), "default/a"));
}

static void
put_text(struct world *w, const char *text)
{
    AUTO(json_freep) json_t *j = json_loads(text, 0, NULL);

    ck_assert_ptr_nonnull(j);
    world_put(w, j);
}

/* Whatever a sync reads makes another fingerprint; what it does not read makes none. */
START_TEST(a_sync_is_spared_only_when_nothing_it_reads_has_changed)
{
    static const char *const changes[] = {
        ("{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\",\"uid\":\"p1\",\"ownerReferences\":[{\"kind\":"
         "\"VirtualMachineInstance\",\"name\":\"a\",\"uid\":\"u\",\"controller\":true}]},\"status\":{\"phase\":"
         "\"Running\"}}"),
        ("{\"kind\":\"Pod\",\"metadata\":{\"name\":\"virt-launcher-a-zmwvrfjfrcmb\",\"uid\":\"p0\",\"ownerReferences\":"
         "[{\"kind\":"
         "\"VirtualMachineInstance\",\"name\":\"a\",\"uid\":\"u0\",\"controller\":true}]},\"status\":{\"phase\":"
         "\"Running\"}}"),
        "{\"kind\":\"PersistentVolumeClaim\",\"metadata\":{\"name\":\"data\"},\"status\":{\"phase\":\"Bound\"}}",
        "{\"kind\":\"Service\",\"metadata\":{\"name\":\"s\"},\"spec\":{\"selector\":{\"app\":\"x\"}}}",
        ("{\"kind\":\"VirtualMachineInstance\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\"},\"status\":{\"phase\":"
         "\"Running\"}}"),
    };
    struct world w;

    world_init(&w);
    put_text(&w, "{\"kind\":\"VirtualMachineInstance\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\"}}");
    uint64_t last = fingerprint(&w, &vmi_kind);
    ck_assert(last != 0 && last == fingerprint(&w, &vmi_kind));
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        put_text(&w, changes[i]);
        uint64_t now = fingerprint(&w, &vmi_kind);
        ck_assert_msg(now != last, "%s", changes[i]);
        last = now;
    }
    put_text(&w, "{\"kind\":\"VirtualMachineInstance\",\"metadata\":{\"name\":\"b\",\"uid\":\"ub\"}}");
    ck_assert(last == fingerprint(&w, &vmi_kind));
    launchers_name(w.launchers, "u", "default/a");
    ck_assert(last == fingerprint(&w, &vmi_kind));
    launchers_connected(w.launchers, "u", "p1");
    ck_assert(last != fingerprint(&w, &vmi_kind));
    last = fingerprint(&w, &vmi_kind);
    launchers_sent(w.launchers, "u", "p1", "{}");
    ck_assert(last == fingerprint(&w, &vmi_kind));
    ck_assert(launchers_state(w.launchers, "u", "p1", "{}", 2));
    ck_assert(last != fingerprint(&w, &vmi_kind));
    last = fingerprint(&w, &vmi_kind);
    launchers_connected(w.launchers, "u", "p2"); /* a second pod's */
    ck_assert(last != fingerprint(&w, &vmi_kind));
    last = fingerprint(&w, &vmi_kind);
    ck_assert(launchers_state(w.launchers, "u", "p1", "{\"a\":1}", 7));
    ck_assert(last != fingerprint(&w, &vmi_kind));
    last = fingerprint(&w, &vmi_kind);
    ck_assert(launchers_state(w.launchers, "u", "p2", "{}", 2));
    ck_assert(last != fingerprint(&w, &vmi_kind));
    last = fingerprint(&w, &vmi_kind);
    launchers_remove_pod(w.launchers, "u", "p2");
    ck_assert(last != fingerprint(&w, &vmi_kind));
    last = fingerprint(&w, &vmi_kind);
    launchers_disconnected(w.launchers, "u", "p1");
    ck_assert(last != fingerprint(&w, &vmi_kind));
    last = fingerprint(&w, &vmi_kind);
    informer_expect_deletion(world_informer(&w, &vmi_kind), "default/a", "u");
    ck_assert(last != fingerprint(&w, &vmi_kind));
    world_fini(&w);
}
END_TEST

#define SOURCE "virt-launcher-a-xbqllxmnrvhj"
#define TARGET "virt-launcher-a-lvzbgxjrmmhx" /* of migration m1 */

static void
put_pod(struct world *w, const char *name, const char *uid, const char *migration)
{
    AUTO(freep)
    char *text = xasprintf("{\"kind\":\"Pod\",\"metadata\":{\"name\":\"%s\",\"uid\":\"%s\",\"labels\":{\"x\":\"y\","
                           "\"kubevirt.io/migrationJobUID\":\"%s\"}},\"status\":{\"phase\":\"Running\"}}",
                           name, uid, migration);

    put_text(w, text);
}

START_TEST(both_pods_of_an_instance_may_speak)
{
    struct world w;
    char *uids[LAUNCHERS_EACH_MAX];

    world_init(&w);
    put_text(&w, "{\"kind\":\"VirtualMachineInstance\",\"metadata\":{\"name\":\"a\",\"uid\":\"uid-of-vmi\"},"
                 "\"status\":{\"activePods\":{\"s\":\"n1\"}}}");
    put_pod(&w, SOURCE, "s", "m1"); /* a label that anybody may have put there */
    put_pod(&w, TARGET, "t", "m1");
    const struct sources src = world_sources(&w);
    const struct object *vmi = store_get(world_store(&w, &vmi_kind), "default/a");
    ck_assert_str_eq(launcher_pods_who(&src, "default", SOURCE, "s"), "uid-of-vmi");
    ck_assert_str_eq(launcher_pods_who(&src, "default", TARGET, "t"), "uid-of-vmi");
    ck_assert_ptr_null(launcher_pods_who(&src, "default", TARGET, "another"));
    launchers_connected(w.launchers, "uid-of-vmi", "s");
    launchers_connected(w.launchers, "uid-of-vmi", "t");
    ck_assert_uint_eq(launcher_pods_changed(&src, &vmi_kind, vmi, uids), 2);
    ck_assert_str_eq(uids[0], "s");
    ck_assert_str_eq(uids[1], "t");
    free(uids[0]);
    free(uids[1]);
    const struct object *pod = store_get(world_store(&w, &pod_kind), "default/" SOURCE);
    ck_assert_uint_eq(launcher_pods_changed(&src, &pod_kind, pod, uids), 1);
    ck_assert_str_eq(uids[0], "s");
    free(uids[0]);
    launcher_pods_gone(&src, &pod_kind, pod);
    ck_assert_uint_eq(launchers_get(w.launchers, "uid-of-vmi")->n, 1);
    ck_assert(launchers_find(launchers_get(w.launchers, "uid-of-vmi"), "t"));
    put_pod(&w, TARGET, "t", "m2"); /* another label, and no more proof */
    ck_assert_ptr_null(launcher_pods_who(&src, "default", TARGET, "t"));
    world_fini(&w);
}
END_TEST

START_TEST(an_object_that_changes_loses_its_fingerprint)
{
    struct world w;

    world_init(&w);
    put_text(&w, "{\"kind\":\"VirtualMachine\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\"}}");
    const struct object *vm = store_get(world_store(&w, &vm_kind), "default/a");
    informer_note_fingerprint(world_informer(&w, &vm_kind), "default/a", 7);
    ck_assert_uint_eq(vm->fingerprint, 7);
    put_text(&w, "{\"kind\":\"VirtualMachine\",\"metadata\":{\"name\":\"a\",\"uid\":\"u\"},\"spec\":{}}");
    ck_assert_uint_eq(store_get(world_store(&w, &vm_kind), "default/a")->fingerprint, 0);
    uint64_t alone = fingerprint(&w, &vm_kind);
    put_text(&w, "{\"kind\":\"VirtualMachineInstance\",\"metadata\":{\"name\":\"a\",\"uid\":\"i\"}}");
    ck_assert(fingerprint(&w, &vm_kind) != alone);
    struct sources later = world_sources(&w);
    later.config_version++;
    ck_assert(vm_kind.fingerprint(&later, store_get(world_store(&w, &vm_kind), "default/a")) !=
              fingerprint(&w, &vm_kind));
    world_fini(&w);
}
END_TEST

/* "vmi/steady", one a case. */
static char *
rule_of_case(const char *file)
{
    AUTO(json_freep) json_t *c = read_case(file);
    const char *key = json_str(c, "key");

    return xasprintf("%.*s/%s", (int)strcspn(key, "/"), key, json_str(json_object_get(c, "want"), "rule"));
}

static void
check_rule_has_case(char *const *rules, const char *kind, const char *rule)
{
    AUTO(freep) char *wanted = xasprintf("%s/%s", kind, rule);
    bool found = false;

    for (size_t i = 0; i < n_cases; i++) {
        found = found || str_eq(rules[i], wanted);
    }
    ck_assert_msg(found, "rule %s has no case in test/golden/reconcile", wanted);
}

START_TEST(every_rule_has_a_case)
{
    char *rules[CASES_MAX] = {NULL};

    for (size_t i = 0; i < n_cases; i++) {
        rules[i] = rule_of_case(case_files[i]);
    }
    for (size_t k = 0; k < n_kinds; k++) {
        for (size_t i = 0; kinds[k]->rules && i < kinds[k]->rules->n; i++) {
            const char *name = kinds[k]->rules->items[i].name;
            bool is_tested_elsewhere = str_eq(name, "hold") ||  /* needs a failed call: test/integration */
                                       str_eq(name, "deleted"); /* a state of the cache only: test_cache */
            if (!is_tested_elsewhere) {
                check_rule_has_case(rules, kinds[k]->name, name);
            }
        }
    }
    for (size_t i = 0; i < n_cases; i++) {
        free(rules[i]);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("reconcile");
    TCase *tc = tcase_create("reconcile");

    find_cases();
    tcase_add_loop_test(tc, plan_is_as_written, 0, (int)n_cases);
    tcase_add_loop_test(tc, what_is_done_comes_to_rest, 0, (int)n_cases);
    tcase_add_test(tc, every_rule_has_a_case);
    tcase_add_test(tc, a_sync_is_spared_only_when_nothing_it_reads_has_changed);
    tcase_add_test(tc, an_object_that_changes_loses_its_fingerprint);
    tcase_add_test(tc, both_pods_of_an_instance_may_speak);
    tcase_add_test(tc, the_launcher_comes_to_the_same_machine);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    for (size_t i = 0; i < n_cases; i++) {
        free(case_files[i]);
    }
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
