// Nodes that lack the same are told together, in the order of their names.
#include "reconcile/vmi/nodes_view.h"

#include "api/kinds/node_capabilities.h"
#include "base/strbuf.h"
#include "reconcile/pod/node_needs.h"

enum { NODE_MAX = 1024 * 1024, GROUPS_MAX = 4, NAMED_MAX = 4, SENTENCE_MAX = 1024 };

struct lacking {
    const char *name; /* of the node */
    uint64_t lacks;   /* bits of needs; 0: it has not told yet */
};

struct look {
    struct arena *arena;
    struct node_need_list needs;
    struct lacking *nodes;
    size_t n;
    bool has_all; /* a node does */
    bool is_of_template;
};

static bool look_at(void *arg, const struct object *node);
static int name_order(const void *a, const void *b);
static bool is_first_of_its_kind(const struct look *l, size_t i);
static void tell_like(const struct look *l, size_t first, struct strbuf *text);
static void tell_needs(const struct look *l, uint64_t lacks, struct strbuf *text);

const char *
nodes_lack(struct arena *a, const struct vmi_spec *s, bool is_of_template, const struct store *nodes)
{
    struct look l = {.arena = a, .needs = node_needs(a, s), .is_of_template = is_of_template};
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(SENTENCE_MAX);
    size_t n_told = 0;

    if (l.needs.n == 0) {
        return NULL;
    }
    l.nodes = ARENA_NEW_N(a, struct lacking, NODES_LOOKED_AT_MAX);
    store_each(nodes, look_at, &l);
    if (l.has_all || l.n == 0) {
        return NULL;
    }
    qsort(l.nodes, l.n, sizeof(*l.nodes), name_order);
    (void)strbuf_addf(&text, "no node can run this guest%s: ",
                      store_count(nodes) > l.n ? " (not all were looked at)" : ""); /* what finds no room is not told */
    for (size_t i = 0; i < l.n && n_told < GROUPS_MAX; i++) {
        if (is_first_of_its_kind(&l, i)) {
            (void)strbuf_adds(&text, n_told++ > 0 ? "; " : "");
            tell_like(&l, i, &text);
        }
    }
    return arena_strdup(a, strbuf_str(&text));
}

static bool
look_at(void *arg, const struct object *node)
{
    struct look *l = arg;
    AUTO(json_freep) json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(node, NODE_MAX, &j);
    const json_t *labels = json_at(j, "metadata", "labels", NULL);
    uint64_t lacks = 0;

    if (e) { /* the cache wrote it, so none */
        return true;
    }
    for (size_t i = 0; i < l->needs.n; i++) {
        lacks |= str_eq(json_str(labels, l->needs.items[i].label), "true") ? 0 : 1ULL << i;
    }
    if (lacks == 0) {
        l->has_all = true;
        return false;
    }
    bool has_told = json_str(labels, NODE_SCHEDULABLE_LABEL) != NULL;
    l->nodes[l->n++] =
        (struct lacking){.name = arena_strdup(l->arena, strchr(node->key, '/') + 1), .lacks = has_told ? lacks : 0};
    return l->n < NODES_LOOKED_AT_MAX;
}

static int
name_order(const void *a, const void *b)
{
    return strcmp(((const struct lacking *)a)->name, ((const struct lacking *)b)->name);
}

static bool
is_first_of_its_kind(const struct look *l, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (l->nodes[k].lacks == l->nodes[i].lacks) {
            return false;
        }
    }
    return true;
}

/* That node and all that lack the same. */
static void
tell_like(const struct look *l, size_t first, struct strbuf *text)
{
    size_t n = 0;

    for (size_t i = first; i < l->n; i++) {
        if (l->nodes[i].lacks == l->nodes[first].lacks && n++ < NAMED_MAX) {
            (void)strbuf_addf(text, "%s%s", n > 1 ? ", " : "", l->nodes[i].name);
        }
    }
    if (n > NAMED_MAX) {
        (void)strbuf_addf(text, " and %zu more", n - NAMED_MAX);
    }
    if (l->nodes[first].lacks == 0) {
        (void)strbuf_addf(text, " %s not told what guests it can run (kubectl get nodecapabilities)",
                          n > 1 ? "have" : "has");
        return;
    }
    (void)strbuf_adds(text, n > 1 ? " lack " : " lacks ");
    tell_needs(l, l->nodes[first].lacks, text);
}

static void
tell_needs(const struct look *l, uint64_t lacks, struct strbuf *text)
{
    bool is_first = true;

    for (size_t i = 0; i < l->needs.n; i++) {
        if (lacks & 1ULL << i) {
            (void)strbuf_addf(text, "%s%s (spec.%s%s)", is_first ? "" : " and ", l->needs.items[i].what,
                              l->is_of_template ? "template.spec." : "", l->needs.items[i].field);
            is_first = false;
        }
    }
}
