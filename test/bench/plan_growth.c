// What a machine costs the controller's caches and its pure steps, from a hundred machines to a hundred thousand: memory, a pass in
// which nothing changes, a whole resync. No API server, no I/O but reading the template. Each size runs in a process of its own.
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/yaml.h"
#include "cache/queue.h"
#include "measure.h"
#include "plan_growth_machine.h"

enum {
    SIZES_MAX = 16,
    TEMPLATE_MAX = 64 * 1024,
    PASS_ARENA_MAX = 4 * 1024 * 1024,
    RESYNC_US = 12 * 1000 * 1000, /* one that would take longer is left out */
    PER_NAMESPACE = 100,
    CLAIMS_MAX = 1000,
    SWEEPS = 5,
    PROBE = 100,
    SWEEP_US = 1000 * 1000, /* a sweep that would take longer looks at evenly spread machines only */
    RESYNC_AT = 10000,
    RESYNC_BUDGET_MS = 100,
    STEADY_AFTER_S = 3600,
};

/* The same machines; all in one namespace, or a hundred in each. */
struct layout {
    const char *name;
    size_t per_namespace; /* 0: all */
};

static const struct layout layouts[] = {{"spread", PER_NAMESPACE}, {"one", 0}};

struct figures {
    size_t n;
    size_t n_namespaces;
    double text_bytes;  /* of JSON, before it is packed; this and what follows per machine */
    double cache_bytes; /* the same as the stores keep it */
    double kind_bytes[KINDS_MAX];
    double heap_bytes;     /* in use in malloc for the stores */
    double launcher_bytes; /* the same for what launchers said */
    double queue_bytes;    /* the same for a queue that holds every key */
    double private_bytes;  /* of the process, for stores and launchers */
    double vm_us;          /* CPU of a pass in which nothing changes; median of sweeps */
    double vmi_us;
    size_t n_looked_at; /* machines in a sweep */
    double first_ms;    /* CPU of looking at all for the first time, as a new leader does */
    double resync_ms;   /* CPU of a whole resync; 0: left out */
    double pack_us;     /* CPU for packing one object's JSON, and for reading it again */
    double unpack_us;
    double claim_us;   /* CPU for finding who uses a claim that changed */
    double left_bytes; /* of private memory, when all machines have gone, in all */
    size_t n_loud;     /* plans that would write or say something: must be 0 */
};

struct args {
    size_t sizes[SIZES_MAX];
    size_t n_sizes;
    const char *layout; /* NULL: both */
    const char *json;
    const char *template;
};

struct run {
    const struct layout *layout;
    struct machines m;
    struct figures f;
};

static void
die(const char *why, const char *what)
{
    fprintf(stderr, "plan_growth: %s%s%s\n", why, what ? ": " : "", what ? what : "");
    exit(2);
}

static double
cpu_us(void)
{
    struct timespec t;

    BUG_ON(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) != 0);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
heap_bytes(void)
{
    struct mallinfo2 m = mallinfo2();

    return (double)m.uordblks + (double)m.hblkhd;
}

/* One pass as the reconciler makes it: an arena, view, plan, comparison. */
static void
pass(struct run *r, const char *queue_key)
{
    AUTO(arena_freep) struct arena *a = arena_new(PASS_ARENA_MAX);
    struct plan p = {0};

    BUG_ON(!world_plan(&r->m.w, queue_key, a, &p));
    r->f.n_loud += plan_is_loud(&p);
}

static double
sweep(struct run *r, const char *kind, size_t n, size_t every)
{
    char key[QUEUE_KEY_SIZE];
    double before = cpu_us();

    for (size_t i = 0; i < n; i++) {
        (void)snprintf(key, sizeof(key), "%s/%s", kind, r->m.keys[i * every]);
        pass(r, key);
    }
    return cpu_us() - before;
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Microseconds of CPU for one pass. */
static double
measure_passes(struct run *r, const char *kind)
{
    size_t probe = r->f.n < PROBE ? r->f.n : PROBE;
    double sweeps[SWEEPS];

    (void)sweep(r, kind, probe, 1); /* warms up */
    double each = sweep(r, kind, probe, r->f.n / probe) / (double)probe;
    size_t every = (size_t)(each * (double)r->f.n / SWEEP_US) + 1;
    size_t n = r->f.n / every;
    for (size_t i = 0; i < SWEEPS; i++) {
        sweeps[i] = sweep(r, kind, n, every) / (double)n;
    }
    qsort(sweeps, SWEEPS, sizeof(*sweeps), by_value);
    if (r->f.n_looked_at == 0 || n < r->f.n_looked_at) {
        r->f.n_looked_at = n;
    }
    return sweeps[SWEEPS / 2];
}

struct packing {
    struct packer *packer;
    size_t n;
    double pack_us;
    double unpack_us;
};

static bool
pack_again(void *arg, const struct object *o)
{
    struct packing *p = arg;
    AUTO(freep) char *text = NULL;
    double before = cpu_us();

    BUG_ON(packed_text(o->json, &text));
    double between = cpu_us();
    AUTO(packed_freep) struct packed *again = packed_new(p->packer, text, o->json->len);
    p->pack_us += cpu_us() - between;
    p->unpack_us += between - before;
    BUG_ON(!packed_is(again, text, o->json->len));
    p->n++;
    return true;
}

static void
measure_packing(struct run *r)
{
    struct packing p = {0};

    static const struct kind *const packed[] = {&vm_kind, &vmi_kind, &pod_kind};

    for (size_t k = 0; k < ARRAY_LEN(packed); k++) {
        p.packer = packer_new();
        store_each(world_store(&r->m.w, packed[k]), pack_again, &p);
        packer_free(p.packer);
    }
    r->f.pack_us = p.pack_us / (double)p.n;
    r->f.unpack_us = p.unpack_us / (double)p.n;
}

struct claims {
    const struct world *w;
    size_t n;
    size_t n_found;
};

static void
count_key(void *arg, const struct kind *kind, const char *key)
{
    size_t *n = arg;

    (void)key; /* counted only */
    *n += kind == &vmi_kind;
}

static bool
find_user(void *arg, const struct object *claim)
{
    struct claims *c = arg;

    arrows_follow(&arrows, c->w->caches, &pvc_kind, claim, count_key, &c->n_found);
    return ++c->n < CLAIMS_MAX;
}

static void
measure_claims(struct run *r)
{
    struct claims c = {.w = &r->m.w};
    double before = cpu_us();

    store_each(world_store(&r->m.w, &pvc_kind), find_user, &c);
    r->f.claim_us = (cpu_us() - before) / (double)c.n;
    BUG_ON(c.n_found != c.n);
}

struct enqueue {
    struct queue *q;
    const struct kind *kind;
};

static bool
enqueue(void *arg, const struct object *o)
{
    const struct enqueue *e = arg;
    AUTO(freep) char *key = queue_key(e->kind, o->key);

    queue_add(e->q, key, QUEUE_BEGINNING, 0, 0);
    return true;
}

/* As effect/sync.c: a sync is made unless an earlier one of the same fingerprint found nothing to do. True when it was. */
static bool
pass_or_spare(struct run *r, const char *queue_key)
{
    struct world *w = &r->m.w;
    const struct kind *kind = caches_kind_of(w->caches, queue_key);
    const char *key = strchr(queue_key, '/') + 1;
    const struct sources src = world_sources(w);
    const struct object *o = store_get(world_store(w, kind), key);
    uint64_t fingerprint = kind->fingerprint(&src, o);

    if (fingerprint == o->fingerprint) {
        return false;
    }
    pass(r, queue_key);
    informer_note_fingerprint(world_informer(w, kind), key, fingerprint);
    return true;
}

/* Every key into the queue and out of it, as the half-hourly resync does; gives milliseconds, and how many looks were taken. */
static double
measure_resync(struct run *r, size_t *ret_looks)
{
    struct queue *q = queue_new();
    double heap = heap_bytes();
    double before = cpu_us();
    double counting = 0;
    size_t looks = 0;

    for (size_t k = 0; k < n_kinds; k++) {
        struct enqueue e = {.q = q, .kind = kinds[k]};
        if (!e.kind->fingerprint) {
            continue;
        }
        store_each(world_store(&r->m.w, e.kind), enqueue, &e);
    }
    double pause = cpu_us();
    r->f.queue_bytes = (heap_bytes() - heap) / (double)r->f.n;
    counting = cpu_us() - pause;
    for (const char *key = queue_pop(q, 1); key; key = queue_pop(q, 1)) {
        looks += pass_or_spare(r, key);
        queue_forget(q, key);
        queue_done(q, key, 1);
    }
    *ret_looks = looks;
    double us = cpu_us() - before - counting;
    queue_free(q);
    return us / 1000;
}

static double
median_resync(struct run *r)
{
    double ms[SWEEPS];

    size_t looks = 0;

    r->f.first_ms = measure_resync(r, &looks);
    BUG_ON(looks != 2 * r->f.n);
    for (size_t i = 0; i < SWEEPS; i++) {
        ms[i] = measure_resync(r, &looks);
        BUG_ON(looks != 0);
    }
    qsort(ms, SWEEPS, sizeof(*ms), by_value);
    return ms[SWEEPS / 2];
}

/* What is allocated once, by whatever runs first, is no machine's. */
static void
warm_up(const json_t *template)
{
    struct machines m;

    machines_init(&m, template, 1);
    machines_fill(&m, 0);
    machines_dial_in(&m);
    machines_fini(&m);
}

static void
measure(struct run *r, const json_t *template)
{
    double n = (double)r->f.n;

    warm_up(template);
    machines_init(&r->m, template, r->f.n);
    double heap = heap_bytes();
    double private = measure_private_kib();
    machines_fill(&r->m, r->layout->per_namespace);
    r->f.n_namespaces = r->m.n_namespaces;
    for (size_t k = 0; k < n_kinds; k++) {
        r->f.kind_bytes[k] = (double)store_bytes(world_store(&r->m.w, kinds[k])) / n;
        r->f.cache_bytes += r->f.kind_bytes[k];
        r->f.text_bytes += (double)store_text_bytes(world_store(&r->m.w, kinds[k])) / n;
    }
    r->f.heap_bytes = (heap_bytes() - heap) / n;
    heap = heap_bytes();
    machines_dial_in(&r->m);
    r->f.launcher_bytes = (heap_bytes() - heap) / n;
    r->f.private_bytes = (measure_private_kib() - private) * 1024 / n;
    r->m.w.now_s += STEADY_AFTER_S;
    r->f.vm_us = measure_passes(r, "vm");
    r->f.vmi_us = measure_passes(r, "vmi");
    measure_packing(r);
    measure_claims(r);
    if ((r->f.vm_us + r->f.vmi_us) * n < RESYNC_US) {
        r->f.resync_ms = median_resync(r);
    }
    machines_leave(&r->m);
    r->f.left_bytes = (measure_private_kib() - private) * 1024;
    machines_fini(&r->m);
}

/* In a process of its own: memory of one size must not hide in what another one gave back. */
static struct figures
measure_apart(const json_t *template, const struct layout *layout, size_t n)
{
    struct run r = {.layout = layout, .f = {.n = n}};
    int fd[2], status = 0;

    (void)fflush(NULL);
    if (pipe2(fd, O_CLOEXEC) != 0) {
        die("no pipe", NULL);
    }
    pid_t pid = fork();
    if (pid == 0) {
        measure(&r, template);
        _exit(write(fd[1], &r.f, sizeof(r.f)) == sizeof(r.f) ? 0 : 1);
    }
    close(fd[1]);
    bool whole = pid > 0 && read(fd[0], &r.f, sizeof(r.f)) == sizeof(r.f);
    close(fd[0]);
    if (pid > 0 && waitpid(pid, &status, 0) != pid) {
        whole = false;
    }
    if (!whole || status != 0) {
        die("the process that measures failed", NULL);
    }
    return r.f;
}

static json_t *
figures_json(const struct figures *f)
{
    json_t *j = json_pack("{s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I, s:I}", "vms",
                          (json_int_t)f->n, "namespaces", (json_int_t)f->n_namespaces, "textBytesPerVM", f->text_bytes,
                          "packMicroseconds", f->pack_us, "unpackMicroseconds", f->unpack_us, "claimMicroseconds",
                          f->claim_us, "privateBytesLeft", f->left_bytes, "cacheBytesPerVM", f->cache_bytes,
                          "heapBytesPerVM", f->heap_bytes, "launcherBytesPerVM", f->launcher_bytes, "privateBytesPerVM",
                          f->private_bytes, "vmPassMicroseconds", f->vm_us, "vmiPassMicroseconds", f->vmi_us,
                          "vmsPerSweep", (json_int_t)f->n_looked_at, "plansNotQuiet", (json_int_t)f->n_loud);

    json_t *by_kind = json_object();

    BUG_ON(!j);
    for (size_t k = 0; k < n_kinds; k++) {
        BUG_ON(json_object_set_new(by_kind, kinds[k]->name, json_real(f->kind_bytes[k])) != 0);
    }
    BUG_ON(json_object_set_new(j, "cacheBytesByKind", by_kind) != 0);
    if (f->resync_ms > 0) {
        BUG_ON(json_object_set_new(j, "firstLookMilliseconds", json_real(f->first_ms)) != 0);
        BUG_ON(json_object_set_new(j, "resyncMilliseconds", json_real(f->resync_ms)) != 0);
        BUG_ON(json_object_set_new(j, "queueBytesPerVM", json_real(f->queue_bytes)) != 0);
    }
    return j;
}

static void
print_row(const struct layout *layout, const struct figures *f)
{
    char resync[32] = "-", queue[32] = "-";

    if (f->resync_ms > 0) {
        (void)snprintf(resync, sizeof(resync), "%.1f", f->resync_ms);
        (void)snprintf(queue, sizeof(queue), "%.0f", f->queue_bytes);
    }
    printf("%-7s %8zu %6zu %8.0f %8.0f %8.0f %9.0f %8s %9.0f %9.2f %8.1f %8.1f %7.2f %9.2f %8.1f %10s %6zu\n",
           layout->name, f->n, f->n_namespaces, f->text_bytes, f->cache_bytes, f->heap_bytes, f->launcher_bytes, queue,
           f->private_bytes, f->left_bytes / 1048576, f->vm_us, f->vmi_us, f->pack_us, f->unpack_us, f->claim_us,
           resync, f->n_loud);
    (void)fflush(stdout);
}

static void
verdict(const char *what, double have, double budget)
{
    printf("%-60s %8.2f %8.2f  %s\n", what, have, budget, have <= budget ? "ok" : "over");
}

static void
print_verdicts(const struct layout *layout, const struct figures *f, size_t n)
{
    char what[96];

    for (size_t i = 0; i < n; i++) {
        if (f[i].n != RESYNC_AT) {
            continue;
        }
        if (f[i].resync_ms > 0) {
            (void)snprintf(what, sizeof(what), "%s: resync of %d that changes nothing, ms CPU", layout->name, RESYNC_AT);
            verdict(what, f[i].resync_ms, RESYNC_BUDGET_MS);
        }
        if (i > 0 && f[0].n == PER_NAMESPACE) {
            (void)snprintf(what, sizeof(what), "%s: VM pass at %d against %d", layout->name, RESYNC_AT, PER_NAMESPACE);
            verdict(what, f[i].vm_us / f[0].vm_us, 1.2);
            (void)snprintf(what, sizeof(what), "%s: VMI pass at %d against %d", layout->name, RESYNC_AT, PER_NAMESPACE);
            verdict(what, f[i].vmi_us / f[0].vmi_us, 1.2);
        }
    }
}

static json_t *
read_template(const char *path)
{
    AUTO(fclosep) FILE *f = fopen(path, "re");
    AUTO(freep) char *text = xcalloc(TEMPLATE_MAX, 1);
    json_t *docs = NULL;

    if (!f) {
        die("cannot open the template", path);
    }
    AUTO(err_freep)
    struct err *e = yaml_parse(text, fread(text, 1, TEMPLATE_MAX - 1, f), TEMPLATE_MAX, &docs);
    if (e) {
        die(path, err_text(e));
    }
    json_t *template = json_incref(json_array_get(docs, 0));
    json_decref(docs);
    return template;
}

static void
usage(void)
{
    printf(
        "usage: plan_growth --template FILE [--sizes N,N...] [--layout spread|one] [--json FILE]\n\n"
        "Fills the controller's caches with N running machines (default 100,1000,10000,50000,100000), all in one\n"
        "namespace or %d in each, and prints per size and machine: bytes of JSON as text and as kept in the stores,\n"
        "heap of the stores, heap of what launchers said, heap of a full queue, private memory of the process; what "
        "is\n"
        "left of that in all when they have gone; CPU of a pass of a VM and of an instance in which nothing changes\n"
        "(median of %d sweeps), of packing and unpacking one object, of finding who uses a claim, of a whole resync;\n"
        "and plans that would write. Exit 1 when there is one of these; times never fail. FILE is "
        "test/bench/plan_growth.yaml.\n",
        PER_NAMESPACE, SWEEPS);
}

static void
read_sizes(struct args *args, const char *text)
{
    char *end;

    for (args->n_sizes = 0; *text && args->n_sizes < SIZES_MAX; text = *end ? end + 1 : end) {
        long n = strtol(text, &end, 10);
        if (n <= 0 || end == text || (*end && *end != ',')) {
            die("--sizes wants numbers with commas between", text);
        }
        args->sizes[args->n_sizes++] = (size_t)n;
    }
}

static void
read_args(struct args *args, int argc, char **argv)
{
    static const struct option options[] = {
        {"template", required_argument, NULL, 't'}, {"sizes", required_argument, NULL, 's'},
        {"layout", required_argument, NULL, 'l'},   {"json", required_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},           {0}};
    int c = 0;

    read_sizes(args, "100,1000,10000,50000,100000");
    for (c = getopt_long(argc, argv, "", options, NULL); c != -1; c = getopt_long(argc, argv, "", options, NULL)) {
        if (c == 't') {
            args->template = optarg;
        } else if (c == 's') {
            read_sizes(args, optarg);
        } else if (c == 'l') {
            args->layout = optarg;
        } else if (c == 'j') {
            args->json = optarg;
        } else {
            usage();
            exit(c == 'h' ? 0 : 2);
        }
    }
    if (!args->template) {
        die("--template is missing", "test/bench/plan_growth.yaml, see --help");
    }
}

static size_t
measure_layout(const struct args *args, const json_t *template, const struct layout *layout, json_t *to)
{
    struct figures f[SIZES_MAX];
    size_t n_loud = 0;

    for (size_t i = 0; i < args->n_sizes; i++) {
        f[i] = measure_apart(template, layout, args->sizes[i]);
        print_row(layout, &f[i]);
        BUG_ON(json_array_append_new(to, figures_json(&f[i])) != 0);
        n_loud += f[i].n_loud;
    }
    print_verdicts(layout, f, args->n_sizes);
    return n_loud;
}

int
main(int argc, char **argv)
{
    struct args args = {0};
    size_t n_loud = 0;

    read_args(&args, argc, argv);
    AUTO(json_freep) json_t *template = read_template(args.template);
    AUTO(json_freep) json_t *report = json_object();
    printf("%-7s %8s %6s %8s %8s %8s %9s %8s %9s %9s %8s %8s %7s %9s %8s %10s %6s\n", "layout", "VMs", "ns", "JSON B",
           "kept B", "heap B", "launch. B", "queue B", "private B", "left MiB", "VM us", "VMI us", "pack us",
           "unpack us", "claim us", "resync ms", "loud");
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        if (!args.layout || str_eq(args.layout, layouts[i].name)) {
            json_t *rows = json_array();
            BUG_ON(json_object_set_new(report, layouts[i].name, rows) != 0);
            n_loud += measure_layout(&args, template, &layouts[i], rows);
        }
    }
    if (json_object_size(report) == 0) {
        die("no such layout", args.layout);
    }
    if (args.json && json_dump_file(report, args.json, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) != 0) {
        die("cannot write", args.json);
    }
    return n_loud > 0 ? 1 : 0;
}
