// Each number of the API at its ends: whatever an author, a launcher or whoever may write a status puts there, nothing overflows (the
// sanitizers look), views and plans are made, and what is written can be read. The fields come from the tables, so none is forgotten.
#include "world.h"

#include "api/kinds/defaults.h"
#include "api/kinds/launcher_msg.h"
#include "api/kinds/vm.h"
#include "api/rules/repairs.h"
#include "api/rules/validate.h"
#include "api/walk/table.h"
#include "reconcile/pod/overhead.h"
#include "reconcile/vm/vm_plan.h"
#include "reconcile/vmi/vmi_plan.h"

#include <check.h>

enum { DEPTH_MAX = 10, STEPS_MAX = 32, PASS_MAX = 4 * 1024 * 1024, LARGE_BYTES = 1400000 };

static const char *const extremes[] = {
    "9223372036854775807", "-9223372036854775808", "-1", "0", "65536", "4294967296", "1e308",
};
static const char *const quantities[] = {"\"7Ei\"", "\"9223372036854775807\"", "\"-9223372036854775808\"", "\"0\"",
                                         "\"1n\""};
static const char *const times[] = {"\"9999-12-31T23:59:59Z\"", "\"0001-01-01T00:00:00Z\"", "\"1970-01-01T00:00:00Z\""};

/* A place in an object: keys, "0" for the first item of a list. */
struct place {
    const char *steps[STEPS_MAX];
    size_t n;
};

struct walk {
    void (*fn)(struct walk *w, const struct place *p, const char *value);
    const json_t *base;
    const struct type *type;
    size_t n; /* values tried */
};

static json_t *
read_json(const char *text)
{
    AUTO(freep) char *copy = xstrdup(text);
    json_t *j = NULL;

    for (char *at = strchr(copy, '\''); at; at = strchr(at, '\'')) {
        *at = '"';
    }
    AUTO(err_freep) struct err *e = json_part(copy, strlen(copy), NULL, &j);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    return j;
}

static void
place_add(struct place *p, const char *path, struct arena *a)
{
    while (*path) {
        size_t len = strcspn(path, ".");
        ck_assert_uint_lt(p->n, STEPS_MAX);
        p->steps[p->n++] = arena_strndup(a, path, len);
        path += len + (path[len] == '.');
    }
}

/* Makes what is not there on the way. */
static void
place_set(json_t *object, const struct place *p, json_t *value)
{
    for (size_t i = 0; i + 1 < p->n; i++) {
        bool is_list = str_eq(p->steps[i + 1], "0");
        json_t *next = str_eq(p->steps[i], "0") ? json_array_get(object, 0) : json_object_get(object, p->steps[i]);
        if (!next) {
            next = is_list ? json_array() : json_object();
            (void)(json_is_array(object) ? json_array_append_new(object, next)
                                         : json_object_set_new(object, p->steps[i], next));
        }
        object = next;
    }
    (void)json_object_set_new(object, p->steps[p->n - 1], value);
}

static void
try_all(struct walk *w, const struct place *p, const char *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        w->fn(w, p, values[i]);
        w->n++;
    }
}

static void
visit(struct walk *w, const struct type *t, const struct place *at,
      struct arena *a) // NOLINT(misc-no-recursion): DEPTH_MAX
{
    for (const struct field *f = t->fields; at->n < DEPTH_MAX && f->kind != KIND_END; f++) {
        struct place p = *at;
        place_add(&p, f->path, a);
        switch (f->kind) {
        case KIND_INT:
        case KIND_OPT_INT:
            try_all(w, &p, extremes, ARRAY_LEN(extremes));
            break;
        case KIND_QUANTITY:
            try_all(w, &p, quantities, ARRAY_LEN(quantities));
            try_all(w, &p, extremes, ARRAY_LEN(extremes));
            break;
        case KIND_TIME:
            try_all(w, &p, times, ARRAY_LEN(times));
            break;
        case KIND_LIST:
            place_add(&p, "0", a);
            visit(w, f->type, &p, a);
            break;
        case KIND_STRUCT:
        case KIND_POINTER:
            visit(w, f->type, &p, a);
            break;
        default: /* no number */
            break;
        }
    }
}

static size_t
walk(struct walk *w)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    const struct place root = {.n = 0};

    visit(w, w->type, &root, a);
    return w->n;
}

static json_t *
changed(const struct walk *w, const struct place *p, const char *value)
{
    AUTO(freep) char *text = xasprintf("[%s]", value);
    AUTO(json_freep) json_t *list = read_json(text);
    json_t *object = json_deep_copy(w->base);

    place_set(object, p, json_incref(json_array_get(list, 0)));
    return object;
}

/* clang-format off */
#define SPEC \
    "'terminationGracePeriodSeconds':30,'domain':{'cpu':{'cores':2,'sockets':2,'threads':2},'memory':{'guest':'1Gi'},'resources':{" \
    "'requests':{'memory':'1Gi','cpu':'1'}},'devices':{'disks':[{'name':'root','bootOrder':1,'disk':{'bus':'virtio'}},{'name':" \
    "'data','disk':{'bus':'virtio'}},{'name':'more','disk':{'bus':'virtio'}}],'interfaces':[{'name':'default','masquerade':{}," \
    "'ports':[{'port':22}]}]}},'networks':[{'name':'default','pod':{}}],'volumes':[{'name':'root','containerDisk':{'image':'i:1'}},{" \
    "'name':'data','persistentVolumeClaim':{'claimName':'c'}},{'name':'more','emptyDisk':{'capacity':'1Gi'}}],'readinessProbe':{" \
    "'initialDelaySeconds':5,'tcpSocket':{'port':22}},'livenessProbe':{'initialDelaySeconds':5,'tcpSocket':{'port':22}}"
#define META \
    "'metadata':{'name':'a','namespace':'default','uid':'uid-of-a','generation':1,'creationTimestamp':'2026-01-01T00:00:00Z'," \
    "'labels':{'app':'a'}"
/* clang-format on */

static const char *const vm_text =
    "{'kind':'VirtualMachine'," META "},'spec':{'runStrategy':'Always','template':{'spec':{" SPEC "}}}}";
static const char *const vmi_text =
    "{'kind':'VirtualMachineInstance'," META
    ",'ownerReferences':[{'kind':'VirtualMachine','name':'a','uid':'uid-of-a','controller'"
    ":true}]},'spec':{" SPEC "}}";
static const char *const state_text = "{'type':'state','version':1,'vmiUID':'uid-of-a','seq':1,'state':'running','"
                                      "disks':[{'volume':'root','target':'vda'}],'nics':[{"
                                      "'network':'default'}],'openPorts':[{'port':22,'protocol':'TCP'}]}";

/* The walkers of the API. */
static void
check_tables(const struct walk *w, const json_t *object, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(PASS_MAX);
    void *s = arena_alloc(a, 1, size);
    struct change_list changes;

    api_diff(w->type, w->base, object, a, &changes);
    api_diff(w->type, object, w->base, a, &changes);
    AUTO(err_freep) struct err *e = api_decode(w->type, object, a, s);
    if (!e) {
        AUTO(json_freep) json_t *again = api_encode(w->type, s);
        AUTO(freep) char *text = json_compact(again);
        ck_assert(text[0] == '{');
    }
}

static void
check_spec(struct vmi_spec *spec, struct arena *a)
{
    const struct default_options options = {.name = "a"};
    AUTO(err_freep) struct err *e = vmi_spec_validate(spec, a);

    vmi_spec_repairs(spec, a);
    if (!e) {
        vmi_spec_default(spec, a, &options);
    }
    ck_assert_int_ge(overhead_bytes(spec, true), 0);
}

/* What a pass does with the object, where its view can be made. */
static void
check_plan(const json_t *object, const char *kind, const json_t *state)
{
    AUTO(freep) char *key = xasprintf("%s/default/a", kind);
    AUTO(arena_freep) struct arena *a = arena_new(PASS_MAX);
    struct plan p = {0};
    struct world w;

    world_init(&w);
    AUTO(json_freep)
    json_t *claim = read_json("{'kind':'PersistentVolumeClaim','metadata':{'name':'c'},'status':{'phase':'Bound'}}");
    world_put(&w, claim);
    AUTO(json_freep) json_t *copy = json_deep_copy(object);
    if (state) { /* of a guest that runs */
        (void)json_object_set_new(copy, "status", json_pack("{s:s}", "phase", "Running"));
    }
    world_put(&w, copy);
    if (state) {
        AUTO(freep) char *text = json_compact(state);
        launchers_name(w.launchers, "uid-of-a", "default/a");
        launchers_connected(w.launchers, "uid-of-a", "uid-of-pod");
        (void)launchers_state(w.launchers, "uid-of-a", "uid-of-pod", text, strlen(text));
    }
    ck_assert(world_plan(&w, key, a, &p) && p.rule && p.requeue_ms >= 0);
    if (p.status_new) {
        AUTO(freep) char *text = json_compact(p.status_new);
        AUTO(json_freep) json_t *again = NULL;
        AUTO(err_freep) struct err *e = json_parse(text, strlen(text), SIZE_MAX, &again);
        ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    }
    world_fini(&w);
}

static void
try_vm(struct walk *w, const struct place *p, const char *value)
{
    AUTO(json_freep) json_t *object = changed(w, p, value);
    AUTO(arena_freep) struct arena *a = arena_new(PASS_MAX);
    struct vm vm;

    check_tables(w, object, sizeof(vm));
    AUTO(err_freep) struct err *e = api_decode(&vm_type, object, a, &vm);
    if (!e) {
        err_free(vm_spec_validate(&vm.spec, a)); /* refused or not */
        check_spec(&vm.spec.template.spec, a);
        check_plan(object, "vm", NULL);
    }
}

static void
try_vmi(struct walk *w, const struct place *p, const char *value)
{
    AUTO(json_freep) json_t *object = changed(w, p, value);
    AUTO(json_freep) json_t *state = read_json(state_text);
    AUTO(arena_freep) struct arena *a = arena_new(PASS_MAX);
    struct vmi vmi;

    check_tables(w, object, sizeof(vmi));
    AUTO(err_freep) struct err *e = api_decode(&vmi_type, object, a, &vmi);
    if (!e) {
        check_spec(&vmi.spec, a);
        check_plan(object, "vmi", NULL);
        check_plan(object, "vmi", state);
    }
}

static void
try_state(struct walk *w, const struct place *p, const char *value)
{
    AUTO(json_freep) json_t *state = changed(w, p, value);
    AUTO(json_freep) json_t *vmi = read_json(vmi_text);

    check_tables(w, state, sizeof(struct launcher_state));
    check_plan(vmi, "vmi", state);
}

static const struct {
    const char *name;
    void (*fn)(struct walk *w, const struct place *p, const char *value);
    const char *const *base;
    const struct type *type;
    size_t least; /* values that must be tried: else the walk is broken */
} rows[] = {
    {"a machine", try_vm, &vm_text, &vm_type, 150},
    {"an instance", try_vmi, &vmi_text, &vmi_type, 150},
    {"what a launcher says", try_state, &state_text, &launcher_state_type, 50},
};

START_TEST(numbers_at_their_ends)
{
    AUTO(json_freep) json_t *base = read_json(*rows[_i].base);
    struct walk w = {.fn = rows[_i].fn, .base = base, .type = rows[_i].type};
    size_t n = walk(&w);

    ck_assert_msg(n >= rows[_i].least, "%s: only %zu values", rows[_i].name, n);
}
END_TEST

/* Several at once: what is added or multiplied. */
static const char *const together[] = {
    "{'spec':{'template':{'spec':{'domain':{'cpu':{'cores':2147483648,'sockets':2147483648,'threads':2147483648}}}}}}",
    "{'spec':{'template':{'spec':{'domain':{'cpu':{'cores':-9223372036854775808,'sockets':-1,'threads':-1}}}}}}",
    "{'spec':{'template':{'spec':{'domain':{'memory':{'guest':'7Ei'},'resources':{'requests':{'memory':'7Ei'},'limits':"
    "{'memory':'7Ei'"
    "}}}}}}}",
    "{'spec':{'template':{'spec':{'domain':{'cpu':{'cores':512,'sockets':512,'threads':512}}}}}}",
    "{'spec':{'template':{'spec':{'terminationGracePeriodSeconds':1000000000,'readinessProbe':{'tcpSocket':{'port':22},"
    "'initialDelaySeconds':9223372036854775807,'periodSeconds':9223372036854775807,'timeoutSeconds':"
    "9223372036854775807,"
    "'failureThreshold':9223372036854775807}}}}}",
    "{'status':{'startFailure':{'consecutiveFailCount':9223372036854775807,'retryAfterTimestamp':'9999-12-31T23:59:59Z'"
    "}}}",
    "{'status':{'startFailure':{'consecutiveFailCount':-9223372036854775808,'retryAfterTimestamp':'0001-01-01T00:00:"
    "00Z'}}}",
};

static void
merge(json_t *to, const json_t *patch) // NOLINT(misc-no-recursion): the rows above
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)patch, key, value) {
        json_t *old = json_object_get(to, key);
        if (json_is_object(value) && json_is_object(old)) {
            merge(old, value);
        } else {
            (void)json_object_set(to, key, value);
        }
    }
}

START_TEST(numbers_at_their_ends_together)
{
    AUTO(json_freep) json_t *vm = read_json(vm_text);
    AUTO(json_freep) json_t *patch = read_json(together[_i]);
    AUTO(json_freep) json_t *vmi = read_json(vmi_text);
    AUTO(json_freep) json_t *state = read_json(state_text);
    AUTO(arena_freep) struct arena *a = arena_new(PASS_MAX);
    struct vm decoded;

    merge(vm, patch);
    AUTO(err_freep) struct err *e = api_decode(&vm_type, vm, a, &decoded);
    if (e) {
        ck_assert_int_eq(err_class(e), ERR_INVALID);
        return;
    }
    check_spec(&decoded.spec.template.spec, a);
    check_plan(vm, "vm", NULL);
    const json_t *spec = json_at(patch, "spec", "template", "spec", NULL);
    if (spec) {
        merge(json_object_get(vmi, "spec"), spec);
        check_plan(vmi, "vmi", NULL);
        check_plan(vmi, "vmi", state);
    }
}
END_TEST

/* As large as the API server stores, of characters that take six bytes each in JSON: nothing checks them in the name of an owner. */
static const char *const neighbours[] = {
    "{'kind':'PersistentVolumeClaim','metadata':{'name':'c'},'status':{'phase':'Bound'}}",
    "{'kind':'Service','metadata':{'name':'s'},'spec':{'selector':{'app':'a'},'ports':[{'port':80}]}}",
    "{'kind':'VirtualMachine','metadata':{'name':'b'},'spec':{}}",
    "{'kind':'VirtualMachineInstance','metadata':{'name':'b'},'spec':{}}",
};

START_TEST(objects_at_the_limit)
{
    AUTO(json_freep) json_t *vmi = read_json(vmi_text);
    AUTO(json_freep) json_t *object = read_json(neighbours[_i]);
    AUTO(arena_freep) struct arena *a = arena_new(PASS_MAX);
    AUTO(freep) char *long_text = xcalloc(LARGE_BYTES + 1, 1);
    struct plan p = {0};
    struct world w;

    memset(long_text, 1, LARGE_BYTES);
    (void)json_object_set_new(
        json_object_get(object, "metadata"), "ownerReferences",
        json_pack("[{s:s, s:s, s:s, s:b}]", "kind", "X", "name", long_text, "uid", "u", "controller", 1));
    world_init(&w);
    world_put(&w, object);
    world_put(&w, vmi);
    ck_assert(world_plan(&w, "vmi/default/a", a, &p) && p.rule);
    world_fini(&w);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("extremes");
    TCase *t = tcase_create("numbers");

    tcase_add_loop_test(t, numbers_at_their_ends, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(t, numbers_at_their_ends_together, 0, ARRAY_LEN(together));
    tcase_add_loop_test(t, objects_at_the_limit, 0, ARRAY_LEN(neighbours));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
