// getopt_long over one table; --help is written from the same table.
#include "options.h"

#include <getopt.h>

enum option_id {
    OPT_DEVICE = 1,
    OPT_FORCE,
    OPT_DIR,
    OPT_ROOT,
    OPT_ACCESS,
    OPT_CHECK,
    OPT_HEALTHY,
    OPT_TRY,
    OPT_HELP,
    OPT_VERSION
};

static const struct {
    const char *name;
    enum option_id id;
    const char *value; /* NULL: a switch */
    const char *env;   /* read when the option is not given */
    const char *says;
} table[] = {
    {"device", OPT_DEVICE, "NAME[=PATH[:SHARES]]", "VMBRIDGE_DEVICES",
     "a device to offer as devices.kubevirt.io/NAME; several may be given, by commas (kvm,tun,vhost-net,vhost-vsock)"},
    {"force", OPT_FORCE, "NAME", "VMBRIDGE_FORCE", "offer this device although the check says that it does not work"},
    {"plugin-dir", OPT_DIR, "DIR", "VMBRIDGE_PLUGIN_DIR",
     "the kubelet's folder of device plugins (/var/lib/kubelet/device-plugins)"},
    {"root", OPT_ROOT, "DIR", "VMBRIDGE_ROOT", "where the node's root folder is seen from here (none: it is ours)"},
    {"access", OPT_ACCESS, NULL,
     NULL, "offer, as devices.kubevirt.io/vmbridge-node, the access to all the devices without which no container may check them"},
    {"check", OPT_CHECK, NULL, NULL, "print for each device whether it works, and end: 0 when all do"},
    {"healthy", OPT_HEALTHY, NULL, NULL, "ask the vmbridge-node that runs here whether it answers, and end"},
    {"try", OPT_TRY, NULL, NULL,
     "use the one device that is given, and end; this is how the others check, in a process of its own"},
    {"help", OPT_HELP, NULL, NULL, "print this help, and end"},
    {"version", OPT_VERSION, NULL, NULL, "print the version, and end"},
};

enum { WORD_SIZE = DEVICE_NAME_SIZE + DEVICE_PATH_SIZE + 16, FORCED_MAX = DEVICES_MAX };

/* Names that were forced: they may stand before their devices. */
struct forced {
    const char *lists[FORCED_MAX];
    size_t n;
};

static struct err *take(struct node_options *o, struct forced *forced, enum option_id id, const char *value);
static struct err *take_devices(struct node_options *o, const char *list);
static struct err *take_forced(struct node_options *o, const struct forced *forced);
static struct err *take_words(int argc, char **argv, struct node_options *o, struct forced *forced);
static struct err *take_environment(struct node_options *o, struct forced *forced);

struct err *
node_options_parse(int argc, char **argv, struct node_options *ret_options)
{
    struct node_options o = {.plugin_dir = "/var/lib/kubelet/device-plugins", .root = ""};
    struct forced forced = {0};
    struct err *e = take_words(argc, argv, &o, &forced);

    if (!e) {
        e = take_environment(&o, &forced);
    }
    if (!e && o.n_devices == 0) {
        e = take_devices(&o, "kvm,tun,vhost-net,vhost-vsock");
    }
    if (!e) {
        e = take_forced(&o, &forced);
    }
    if (!e && o.verb == NODE_TRY && o.n_devices != 1) {
        e = err_new(ERR_INVALID, "--try takes exactly one --device");
    }
    if (!e) {
        *ret_options = o;
    }
    return e;
}

/* Two shares: while a pod is replaced, its share may still be taken. */
const struct device *
node_options_offers(const struct node_options *o, size_t *ret_n)
{
    static const struct device access = {.name = "vmbridge-node", .path = "/dev", .shares = 2};

    *ret_n = o->is_access ? 1 : o->n_devices;
    return o->is_access ? &access : o->devices;
}

void
node_options_help(FILE *out)
{
    (void)fprintf(
        out, "usage: vmbridge-node [options]\nOffers the node's devices to pods: a device plugin of the kubelet.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        AUTO(freep)
        char *left =
            xasprintf("--%s%s%s", table[i].name, table[i].value ? " " : "", table[i].value ? table[i].value : "");
        (void)fprintf(out, "  %-32s %s%s%s%s\n", left, table[i].says, table[i].env ? " [$" : "",
                      table[i].env ? table[i].env : "", table[i].env ? "]" : "");
    }
}

static struct err *
take_words(int argc, char **argv, struct node_options *o, struct forced *forced)
{
    struct option longs[ARRAY_LEN(table) + 1] = {0};
    struct err *e = NULL;
    int c;

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        longs[i] = (struct option){
            .name = table[i].name, .has_arg = table[i].value ? required_argument : no_argument, .val = table[i].id};
    }
    opterr = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread yet
    for (c = getopt_long(argc, argv, "", longs, NULL); !e && c != -1;
         c = getopt_long(argc, argv, "", longs, NULL)) { // NOLINT(concurrency-mt-unsafe)
        e = c == '?' ? err_new(ERR_INVALID, "unknown or incomplete option %s: see --help", argv[optind - 1])
                     : take(o, forced, (enum option_id)c, optarg);
    }
    if (!e && optind < argc) {
        e = err_new(ERR_INVALID, "unexpected argument %s: see --help", argv[optind]);
    }
    return e;
}

/* What no option said. */
static struct err *
take_environment(struct node_options *o, struct forced *forced)
{
    const struct node_options given = *o;
    struct err *e = NULL;

    for (size_t i = 0; i < ARRAY_LEN(table) && !e; i++) {
        const char *value = table[i].env ? getenv(table[i].env) : NULL;
        bool is_given =
            (table[i].id == OPT_DEVICE && given.n_devices > 0) || (table[i].id == OPT_FORCE && forced->n > 0);
        if (!str_empty(value) && !is_given) {
            e = take(o, forced, table[i].id, value);
        }
    }
    return e;
}

static struct err *
take(struct node_options *o, struct forced *forced, enum option_id id, const char *value)
{
    switch (id) {
    case OPT_DEVICE:
        return take_devices(o, value);
    case OPT_FORCE:
        if (forced->n == FORCED_MAX) {
            return err_new(ERR_INVALID, "--force is given more than %d times", FORCED_MAX);
        }
        forced->lists[forced->n++] = value;
        break;
    case OPT_DIR:
        o->plugin_dir = value;
        break;
    case OPT_ROOT:
        o->root = value;
        break;
    case OPT_ACCESS:
        o->is_access = true;
        break;
    case OPT_CHECK:
        o->verb = NODE_CHECK;
        break;
    case OPT_HEALTHY:
        o->verb = NODE_HEALTHY;
        break;
    case OPT_TRY:
        o->verb = NODE_TRY;
        break;
    case OPT_HELP:
        o->verb = NODE_HELP;
        break;
    case OPT_VERSION:
        o->verb = NODE_VERSION;
        break;
    }
    return NULL;
}

static struct err *
take_devices(struct node_options *o, const char *list)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        char word[WORD_SIZE];
        struct device d;

        if (len >= sizeof(word) || o->n_devices == DEVICES_MAX) {
            return err_new(ERR_INVALID, "--device takes at most %d devices, each of at most %d characters", DEVICES_MAX,
                           WORD_SIZE - 1);
        }
        memcpy(word, list, len);
        word[len] = '\0';
        struct err *e = device_parse(word, &d);
        if (e) {
            return err_wrap(e, "--device");
        }
        for (size_t i = 0; i < o->n_devices; i++) {
            if (str_eq(o->devices[i].name, d.name)) {
                return err_new(ERR_INVALID, "--device names %s twice", d.name);
            }
        }
        o->devices[o->n_devices++] = d;
        list += len + (list[len] ? 1 : 0);
    }
    return NULL;
}

static bool
force(struct node_options *o, const char *name, size_t len)
{
    for (size_t i = 0; i < o->n_devices; i++) {
        if (strlen(o->devices[i].name) == len && memcmp(o->devices[i].name, name, len) == 0) {
            o->devices[i].is_forced = true;
            return true;
        }
    }
    return false;
}

static struct err *
take_forced(struct node_options *o, const struct forced *forced)
{
    for (size_t i = 0; i < forced->n; i++) {
        for (const char *list = forced->lists[i]; *list;) {
            size_t len = strcspn(list, ",");
            if (!force(o, list, len)) {
                return err_new(ERR_INVALID, "--force names a device that is not configured: %s", list);
            }
            list += len + (list[len] ? 1 : 0);
        }
    }
    return NULL;
}
