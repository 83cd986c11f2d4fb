// getopt_long over one table; --help is written from the same table.
#include "options.h"

#include <getopt.h>

enum option_id {
    OPT_KUBECONFIG = 1,
    OPT_NAMESPACE,
    OPT_IDENTITY,
    OPT_ADDRESS,
    OPT_PORT,
    OPT_GATEWAY_PORT,
    OPT_HEALTH_PORT,
    OPT_API_PORT,
    OPT_IMAGE,
    OPT_GATEWAY,
    OPT_TOKEN_GRACE,
    OPT_RULES,
    OPT_KINDS,
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
    {"kubeconfig", OPT_KUBECONFIG, "FILE", "KUBECONFIG",
     "kubeconfig file; without one the pod's own credentials are used"},
    {"namespace", OPT_NAMESPACE, "NAME", "POD_NAMESPACE",
     "where the Lease, the Secret and the KubeVirt object are (vmbridge-system)"},
    {"identity", OPT_IDENTITY, "NAME", "POD_NAME", "name of this replica, unique among them (host name)"},
    {"address", OPT_ADDRESS, "IP", "POD_IP", "where launchers reach this replica (127.0.0.1)"},
    {"port", OPT_PORT, "NUMBER", NULL, "HTTPS port: metrics, health, launcher gateway (8443)"},
    {"gateway-port", OPT_GATEWAY_PORT, "NUMBER", NULL,
     "HTTPS port of their own for launchers, so that nobody else waits behind them (none)"},
    {"health-port", OPT_HEALTH_PORT, "NUMBER", NULL,
     "HTTP port for probes, in clear text: /healthz and /readyz, and nothing else (none)"},
    {"api-port", OPT_API_PORT, "NUMBER", NULL,
     "HTTPS port of the aggregated API, for kube-apiserver alone: it has to show its proxy's certificate (none)"},
    {"launcher-image", OPT_IMAGE, "IMAGE", "VMBRIDGE_LAUNCHER_IMAGE", "container image of launcher pods; required"},
    {"gateway", OPT_GATEWAY, "HOST:PORT", "VMBRIDGE_GATEWAY",
     "what launchers dial (vmbridge-gateway.<namespace>.svc:<port>)"},
    {"token-grace", OPT_TOKEN_GRACE, "SECONDS", NULL,
     "within that long after its token's end a launcher's connection ends, to come back with the next token (300)"},
    {"print-rules", OPT_RULES, NULL, NULL, "print the rules of every kind in their order, and end"},
    {"print-kinds", OPT_KINDS, NULL, NULL, "print what is looked at when an object of a kind changes, and end"},
    {"help", OPT_HELP, NULL, NULL, "print this help, and end"},
    {"version", OPT_VERSION, NULL, NULL, "print the version, and end"},
};

static struct err *take(struct options *o, enum option_id id, const char *value);
static struct err *take_port(const char *name, const char *text, int *ret_port);
static struct err *take_seconds(const char *name, const char *text, int64_t *ret_s);

struct err *
options_parse(int argc, char **argv, struct options *ret_options)
{
    struct options o = {.namespace = "vmbridge-system", .address = "127.0.0.1", .port = 8443};
    struct option longs[ARRAY_LEN(table) + 1] = {0};
    struct err *e = NULL;
    int c;

    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        longs[i] = (struct option){
            .name = table[i].name, .has_arg = table[i].value ? required_argument : no_argument, .val = table[i].id};
        const char *value = table[i].env ? getenv(table[i].env) : NULL;
        if (!e && !str_empty(value)) {
            e = take(&o, table[i].id, value);
        }
    }
    opterr = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread yet
    for (c = getopt_long(argc, argv, "", longs, NULL); !e && c != -1;
         c = getopt_long(argc, argv, "", longs, NULL)) { // NOLINT(concurrency-mt-unsafe)
        e = c == '?' ? err_new(ERR_INVALID, "unknown or incomplete option %s: see --help", argv[optind - 1])
                     : take(&o, (enum option_id)c, optarg);
    }
    if (!e && optind < argc) {
        e = err_new(ERR_INVALID, "unexpected argument %s: see --help", argv[optind]);
    }
    if (!e && o.verb == OPTIONS_RUN && str_empty(o.launcher_image)) {
        e = err_new(ERR_INVALID,
                    "--launcher-image (or VMBRIDGE_LAUNCHER_IMAGE) is required: the image of launcher pods");
    }
    if (!e) {
        *ret_options = o;
    }
    return e;
}

void
options_help(FILE *out)
{
    (void)fprintf(out, "usage: vmbridge-controller [options]\nRuns KVM guests as Kubernetes objects: reconciles "
                       "VirtualMachines, serves launchers.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        AUTO(freep)
        char *left =
            xasprintf("--%s%s%s", table[i].name, table[i].value ? " " : "", table[i].value ? table[i].value : "");
        (void)fprintf(out, "  %-24s %s%s%s%s\n", left, table[i].says, table[i].env ? " [$" : "",
                      table[i].env ? table[i].env : "", table[i].env ? "]" : "");
    }
}

static struct err *
take(struct options *o, enum option_id id, const char *value)
{
    switch (id) {
    case OPT_KUBECONFIG:
        o->kubeconfig = value;
        break;
    case OPT_NAMESPACE:
        o->namespace = value;
        break;
    case OPT_IDENTITY:
        o->identity = value;
        break;
    case OPT_ADDRESS:
        o->address = value;
        break;
    case OPT_PORT:
        return take_port("port", value, &o->port);
    case OPT_GATEWAY_PORT:
        return take_port("gateway-port", value, &o->gateway_port);
    case OPT_HEALTH_PORT:
        return take_port("health-port", value, &o->health_port);
    case OPT_API_PORT:
        return take_port("api-port", value, &o->api_port);
    case OPT_IMAGE:
        o->launcher_image = value;
        break;
    case OPT_GATEWAY:
        o->gateway = value;
        break;
    case OPT_TOKEN_GRACE:
        return take_seconds("token-grace", value, &o->token_grace_s);
    case OPT_RULES:
        o->verb = OPTIONS_PRINT_RULES;
        break;
    case OPT_KINDS:
        o->verb = OPTIONS_PRINT_KINDS;
        break;
    case OPT_HELP:
        o->verb = OPTIONS_HELP;
        break;
    case OPT_VERSION:
        o->verb = OPTIONS_VERSION;
        break;
    }
    return NULL;
}

static struct err *
take_port(const char *name, const char *text, int *ret_port)
{
    char *end;
    long port = strtol(text, &end, 10);

    if (*end || end == text || port < 0 || port > 65535) {
        return err_new(ERR_INVALID, "--%s wants a number from 0 to 65535, not %s", name, text);
    }
    *ret_port = (int)port;
    return NULL;
}

static struct err *
take_seconds(const char *name, const char *text, int64_t *ret_s)
{
    enum { DAY_S = 24 * 3600 };
    char *end;
    long seconds = strtol(text, &end, 10);

    if (*end || end == text || seconds < 1 || seconds > DAY_S) {
        return err_new(ERR_INVALID, "--%s wants a number from 1 to %d, not %s", name, DAY_S, text);
    }
    *ret_s = seconds;
    return NULL;
}
