// Rules over a whole spec: names, strategies, probes. The machine, its devices, volumes and networks have files of their own.
#include "api/rules/validate.h"

#include "api/rules/names.h"
#include "api/rules/validate_parts.h"

enum { PROBE_SECONDS_MAX = 1000000000, DNS_LABEL_MAX = 63, DNS_NAME_MAX = 253 };

static struct err *
check_names(const struct vmi_spec *s)
{
    if (!str_empty(s->architecture) && !str_eq(s->architecture, "amd64")) {
        return INVALID("architecture: unsupported architecture: %.32s; this version of vmbridge runs amd64",
                       s->architecture);
    }
    if (!str_empty(s->hostname) && !is_dns_label(s->hostname, strlen(s->hostname), DNS_LABEL_MAX)) {
        return INVALID(
            "hostname does not conform to the kubernetes DNS_LABEL rules : '%.64s' must be small letters, digits and "
            "dashes, at most 63",
            s->hostname);
    }
    if (str_empty(s->subdomain)) {
        return NULL;
    }
    bool good = strlen(s->subdomain) <= DNS_NAME_MAX;
    for (const char *p = s->subdomain; good && p; p = *p ? p + 1 : NULL) {
        size_t len = strcspn(p, ".");
        good = is_dns_label(p, len, DNS_NAME_MAX);
        p += len;
        if (!*p) {
            break;
        }
    }
    return good ? NULL
                : INVALID("subdomain does not conform to the kubernetes DNS_SUBDOMAIN rules : '%.64s' must be labels "
                          "joined by dots",
                          s->subdomain);
}

static struct err *
check_strategies(const struct vmi_spec *s)
{
    static const char *const known[] = {"None", "LiveMigrate", "LiveMigrateIfPossible", "External"};
    bool found = !s->eviction_strategy;

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        found = found || str_eq(s->eviction_strategy, known[i]);
    }
    if (!found) {
        return INVALID("evictionStrategy is set with an unrecognized option: %.64s", s->eviction_strategy);
    }
    if (s->start_strategy == START_PAUSED && s->liveness_probe) {
        return INVALID("startStrategy: Pausing VMI with LivenessProbe is not supported; leave one of them out");
    }
    if (s->termination_grace_period_s.set && s->termination_grace_period_s.v < 0) {
        return INVALID("terminationGracePeriodSeconds must be greater than or equal to 0.");
    }
    return NULL;
}

static const char *
first_word(const struct probe *probe)
{
    const char *word = json_string_value(json_array_get(json_at(probe->raw, "exec", "command", NULL), 0));

    return str_empty(word) ? NULL : word;
}

/* Numbers of a probe go into the pod as they are; there they have 31 bits. */
static struct err *
check_probe(const struct vmi_spec *s, const struct probe *probe, const char *path)
{
    static const char *const kinds[] = {"httpGet", "tcpSocket", "exec", "guestAgentPing"};
    static const char *const keys[] = {"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
                                       "failureThreshold"};
    size_t n_kinds = 0;

    for (size_t i = 0; probe && i < ARRAY_LEN(kinds); i++) {
        n_kinds += json_object_get(probe->raw, kinds[i]) != NULL;
    }
    if (probe && n_kinds != 1) {
        return INVALID("%s must have exactly one probe type set", path);
    }
    if (probe && (probe->http_get || probe->tcp_socket) && !has_pod_network(s)) {
        return INVALID("%s.%s is only allowed if the Pod Network is attached", path,
                       probe->http_get ? "httpGet" : "tcpSocket");
    }
    if (probe && json_object_get(probe->raw, "exec") && !first_word(probe)) {
        return INVALID("%s.exec.command must name a command inside the guest", path);
    }
    for (size_t i = 0; probe && i < ARRAY_LEN(keys); i++) {
        int64_t n = json_int(probe->raw, keys[i], 0);
        if (n < 0 || n > PROBE_SECONDS_MAX) {
            return INVALID("%s.%s must be in range 0 to %d", path, keys[i], PROBE_SECONDS_MAX);
        }
    }
    return NULL;
}

static void
check_spec(const struct vmi_spec *s, struct problems *p)
{
    validate_domain(s, p);
    validate_machine(s, p);
    validate_memory(s, p);
    validate_cpus(s, p);
    problems_add(p, check_names(s));
    problems_add(p, check_strategies(s));
    problems_add(p, check_probe(s, s->liveness_probe, "livenessProbe"));
    problems_add(p, check_probe(s, s->readiness_probe, "readinessProbe"));
    validate_devices(s, p);
    validate_disks(s, p);
    validate_volumes(s, p);
    validate_credentials(s, p);
    validate_networks(s, p);
    validate_pci_addresses(s, p);
    validate_support(vmi_support, s->json, p);
}

struct err *
vmi_spec_validate(const struct vmi_spec *s, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);

    p.root = "spec.";
    validate_wanted_memory(&s->domain, &p);
    check_spec(s, &p);
    return problems_told(&p);
}

struct err *
vmi_validate(const struct vmi *vmi, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);

    p.root = "";
    validate_metadata(&vmi->meta.labels, &vmi->meta.annotations, true, &p);
    p.root = "spec.";
    validate_wanted_memory(&vmi->spec.domain, &p);
    check_spec(&vmi->spec, &p);
    return problems_told(&p);
}

static struct err *
check_strategy(const struct vm_spec *s)
{
    if (s->running != TRI_UNSET && s->run_strategy != RUN_UNSET) {
        return INVALID(
            "running: Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use "
            "RunStrategy instead");
    }
    return s->run_strategy == RUN_WAIT_AS_RECEIVER
               ? INVALID("runStrategy: Invalid RunStrategy (WaitAsReceiver): migration between clusters is not "
                         "supported by this version of vmbridge; write Always, Halted, Manual, RerunOnFailure or Once")
               : NULL;
}

struct err *
vm_spec_validate(const struct vm_spec *s, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);

    p.root = "spec.";
    problems_add(&p, check_strategy(s));
    validate_support(vm_support, s->json, &p);
    validate_data_volumes(s, &p);
    p.root = "spec.template.";
    validate_metadata(&s->template.labels, &s->template.annotations, false, &p);
    p.root = "spec.template.spec.";
    if (!json_object_get(s->json, "instancetype")) { /* else that is where it would come from, and what is told */
        validate_wanted_memory(&s->template.spec.domain, &p);
    }
    check_spec(&s->template.spec, &p);
    return problems_told(&p);
}
