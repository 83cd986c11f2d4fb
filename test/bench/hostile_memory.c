// What machines that nobody could run cost the controller beside ten thousand that run: each is read as the watch reads it, cut, kept and
// looked at. No API server, no I/O but reading the template. The bound is the memory limit of deploy/base.
#include <malloc.h>

#include "base/yaml.h"
#include "plan_growth_machine.h"

enum {
    N_ORDINARY = 10000,
    PER_NAMESPACE = 100,
    N_HOSTILE = 2000,
    HOSTILE_BYTES = 1400 * 1000,
    N_MIDDLING = 1000, /* that could run, alone */
    MIDDLING_BYTES = 200 * 1000,
    MIDDLING_NAMESPACES = 20,
    TEMPLATE_MAX = 64 * 1024,
    TEXT_MAX = 4 * 1024 * 1024,
    PASS_ARENA_MAX = 4 * 1024 * 1024,
    TRIM_EVERY = 20, /* effect/feed.c: a large object counts fifty of a thousand */
    LIMIT_MIB = 256,
};

/* What makes the largest trees of a text, and what cannot be packed. */
enum fill { FILL_NOISE, FILL_REALS, FILL_OBJECTS, FILL_KEYS, N_FILLS };

/* A JSON value of some 'bytes'. */
static char *
filling(enum fill fill, size_t bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";
    static const char *const begins[N_FILLS] = {"\"", "[{}", "[{}", "{\"k\":[]"};
    static const char *const ends[N_FILLS] = {"\"", "]", "]", "}"};
    struct strbuf sb = STRBUF_INIT(TEXT_MAX);
    uint32_t x = 1;

    (void)strbuf_adds(&sb, begins[fill]);
    for (uint32_t i = 0; sb.len < bytes; i++) {
        x = x * 1664525U + 1013904223U;
        if (fill == FILL_NOISE) {
            (void)strbuf_addc(&sb, digits[x >> 26]);
        } else if (fill == FILL_KEYS) {
            (void)strbuf_addf(&sb, ",\"%x\":[]", i);
        } else {
            (void)strbuf_adds(&sb, fill == FILL_REALS ? ",0.1" : ",{}");
        }
    }
    (void)strbuf_adds(&sb, ends[fill]);
    BUG_ON(sb.over);
    return strbuf_steal(&sb);
}

static double
status_mib(const char *key)
{
    AUTO(fclosep) FILE *f = fopen("/proc/self/status", "re");
    char line[256];

    while (f && fgets(line, sizeof(line), f)) {
        if (str_starts(line, key)) {
            return strtod(line + strlen(key), NULL) / 1024;
        }
    }
    return 0;
}

static bool
report(const char *what, double mib, double bound)
{
    printf("%-76s %8.1f %8.0f  %s\n", what, mib, bound, mib <= bound ? "ok" : "over");
    (void)fflush(stdout);
    return mib <= bound;
}

/* As the watch reads it, the cache takes it, and a pass looks at it. */
static void
put_machine(struct world *w, size_t i, size_t n_namespaces, const char *value)
{
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(TEXT_MAX);
    AUTO(arena_freep) struct arena *a = arena_new(PASS_ARENA_MAX);
    AUTO(freep) char *key = xasprintf("vm/bad-%02zu/m-%06zu-%zu", i % n_namespaces, i, strlen(value));
    const char *name = strrchr(key, '/') + 1;
    struct plan p = {0};
    json_t *j = NULL;

    (void)strbuf_addf(
        &sb,
        "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"bad-%02zu\",\"uid\":\"u-%zu-%zu\",\"resourceVersion\":\"%zu\"},"
        "\"spec\":{\"runStrategy\":\"Always\",\"template\":{\"spec\":{\"domain\":{},\"more\":",
        name, i % n_namespaces, i, strlen(value), i + 1);
    (void)strbuf_adds(&sb, value);
    (void)strbuf_adds(&sb, "}}}}");
    AUTO(err_freep) struct err *e = json_part(strbuf_str(&sb), sb.len, vm_kind.kept.paths, &j);
    BUG_ON(e || sb.over);
    informer_apply(world_informer(w, &vm_kind), j, false, NULL);
    json_decref(j);
    BUG_ON(!world_plan(w, key, a, &p));
    world_apply(w, key, &p); /* it says Stalled */
    if (i % TRIM_EVERY == 0) {
        (void)malloc_trim(0);
    }
}

static json_t *
read_template(const char *path)
{
    AUTO(fclosep) FILE *f = fopen(path, "re");
    AUTO(freep) char *text = xcalloc(TEMPLATE_MAX, 1);
    json_t *docs = NULL;

    BUG_ON(!f);
    AUTO(err_freep) struct err *e = yaml_parse(text, fread(text, 1, TEMPLATE_MAX - 1, f), TEMPLATE_MAX, &docs);
    BUG_ON(e);
    json_t *template = json_incref(json_array_get(docs, 0));
    json_decref(docs);
    return template;
}

int
main(int argc, char **argv)
{
    char *values[N_FILLS];
    struct machines m;

    if (argc != 2 || argv[1][0] == '-') {
        printf("usage: hostile_memory TEMPLATE        test/bench/plan_growth.yaml\n");
        return argc == 2 ? 0 : 2;
    }
    AUTO(json_freep) json_t *template = read_template(argv[1]);
    printf("%-76s %8s %8s\n", "resident memory", "MiB", "bound");
    machines_init(&m, template, N_ORDINARY);
    machines_fill(&m, PER_NAMESPACE);
    machines_dial_in(&m);
    bool ok = report("10,000 ordinary machines that run", status_mib("VmRSS:"), LIMIT_MIB);
    for (size_t i = 0; i < N_FILLS; i++) {
        values[i] = filling((enum fill)i, HOSTILE_BYTES);
    }
    for (size_t i = 0; i < N_HOSTILE; i++) {
        put_machine(&m.w, i, MIDDLING_NAMESPACES, values[i % N_FILLS]);
    }
    for (size_t i = 0; i < N_FILLS; i++) {
        free(values[i]);
    }
    ok = report("and 2,000 of 1.4 MB: peak, with the largest tree", status_mib("VmHWM:"), LIMIT_MIB) && ok;
    (void)malloc_trim(0);
    ok = report("    afterwards", status_mib("VmRSS:"), LIMIT_MIB) && ok;
    AUTO(freep) char *noise = filling(FILL_NOISE, MIDDLING_BYTES);
    for (size_t i = 0; i < N_MIDDLING; i++) {
        put_machine(&m.w, i, MIDDLING_NAMESPACES, noise);
    }
    ok = report("and 1,000 of 200 KB in 20 namespaces, which do not pack: peak", status_mib("VmHWM:"), LIMIT_MIB) && ok;
    (void)malloc_trim(0);
    ok = report("    afterwards", status_mib("VmRSS:"), LIMIT_MIB) && ok;
    (void)report("    of this large objects, as they are kept", (double)caches_room_taken(m.w.caches) / 1048576,
                 (double)ROOM_TOTAL_BYTES / 1048576);
    machines_fini(&m);
    return ok ? 0 : 1;
}
