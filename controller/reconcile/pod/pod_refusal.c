// From fields of the pod to fields of the spec, as reconcile/pod/pod_render.c copies them.
#include "reconcile/pod/pod_refusal.h"

#include "base/strbuf.h"

enum { REFUSAL_MAX = 4096, FIELDS_MAX = 4 };

static const struct {
    const char *pod;
    const char *spec;
    bool is_copied; /* whole: what stands below it in the pod does so in the spec */
} fields[] = {
    {"spec.affinity", "affinity", true},
    {"spec.tolerations", "tolerations", true},
    {"spec.topologySpreadConstraints", "topologySpreadConstraints", true},
    {"spec.nodeSelector", "nodeSelector", true},
    {"spec.dnsConfig", "dnsConfig", true},
    {"spec.dnsPolicy", "dnsPolicy", true},
    {"spec.schedulerName", "schedulerName", true},
    {"spec.priorityClassName", "priorityClassName", true},
    {"spec.subdomain", "subdomain", true},
    {"spec.hostname", "hostname", true},
    {"spec.terminationGracePeriodSeconds", "terminationGracePeriodSeconds", true},
    {"spec.containers[0].readinessProbe", "readinessProbe", true},
    {"spec.containers[0].livenessProbe", "livenessProbe", true},
    {"spec.containers.readinessProbe", "readinessProbe",
     true}, /* where the body could not be read, lists have no places */
    {"spec.containers.livenessProbe", "livenessProbe", true},
    {"spec.containers[0].resources", "domain.resources", false},
    {"spec.containers[0].ports", "domain.devices.interfaces[].ports", false},
    {"spec.serviceAccountName", "volumes[].serviceAccount.serviceAccountName", false},
    {"spec.imagePullSecrets", "volumes[].containerDisk.imagePullSecret", false},
    {"spec.volumes", "volumes", false},
};

/* A 403 is a rule of the cluster or of the namespace; which one, the API server says in words only. */
static const struct {
    const char *says;
    enum err_class class;
    const char *field; /* below the spec */
    const char *way_out;
} rules[] = {
    {"exceeded quota", ERR_RETRY, "domain",
     "ask for less, or have the ResourceQuota raised; it is tried again until there is room"},
    {"failed quota", ERR_RETRY, "domain.resources",
     "the ResourceQuota wants what the pod does not ask for; it is tried again"},
    {"error looking up service account", ERR_RETRY, "volumes[].serviceAccount.serviceAccountName",
     "create that ServiceAccount, or correct the name; it is tried again"},
    {"PriorityClass", ERR_INVALID, "priorityClassName", "create that PriorityClass, or correct the name"},
    {" usage per ", ERR_INVALID, "domain", "ask for what the LimitRange of the namespace allows, or have it changed"},
    {"limit to request ratio", ERR_INVALID, "domain.resources",
     "ask for what the LimitRange of the namespace allows, or have it changed"},
};

static struct err *refused_fields(const struct err *err, const json_t *answer, bool is_of_template);
static struct err *refused_by_rule(const struct err *err, const json_t *answer, bool is_of_template);
static char *spec_field(const char *pod_field, bool is_of_template);
static char *unread_field(const char *message);

struct err *
pod_refusal(const struct err *err, const json_t *answer, bool is_of_template)
{
    if (err_class(err) == ERR_INVALID) {
        return refused_fields(err, answer, is_of_template);
    }
    return str_eq(json_str(answer, "reason"), "Forbidden") ? refused_by_rule(err, answer, is_of_template)
                                                           : err_copy(err);
}

static struct err *
refused_fields(const struct err *err, const json_t *answer, bool is_of_template)
{
    const json_t *causes = json_at(answer, "details", "causes", NULL);
    const char *message = json_str(answer, "message");
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(REFUSAL_MAX);
    AUTO(freep) char *unread = unread_field(message);
    size_t i;
    json_t *cause;

    json_array_foreach((json_t *)(uintptr_t)causes, i, cause) {
        AUTO(freep) char *field = spec_field(json_str(cause, "field"), is_of_template);
        if (i < FIELDS_MAX && field) { /* what finds no room is not told: the rest is long enough to begin with */
            (void)strbuf_addf(&text, "%s%s: %s", text.len > 0 ? "; " : "", field, json_str(cause, "message"));
        }
    }
    if (text.len == 0 && unread) {
        AUTO(freep) char *field = spec_field(unread, is_of_template);
        (void)strbuf_addf(&text, "%s: %s", field, message); /* as above */
    }
    if (text.len == 0) {
        return err_copy(err);
    }
    return err_new(ERR_INVALID, "the API server refuses the launcher pod: %s", strbuf_str(&text));
}

/* Where the JSON does not fit the type: "... into Go struct field Toleration.spec.tolerations.key of type string". NULL: it is another
 * trouble. */
static char *
unread_field(const char *message)
{
    static const char before[] = "Go struct field ";
    const char *at = message ? strstr(message, before) : NULL;
    const char *field = at ? strchr(at + sizeof(before) - 1, '.') : NULL;

    return field ? xstrndup(field + 1, strcspn(field + 1, " ")) : NULL;
}

static struct err *
refused_by_rule(const struct err *err, const json_t *answer, bool is_of_template)
{
    static const char before[] = " is forbidden: ";
    const char *message = json_str(answer, "message");
    const char *at = message ? strstr(message, before) : NULL;

    for (size_t i = 0; at && i < ARRAY_LEN(rules); i++) {
        if (strstr(at, rules[i].says)) {
            return err_new(rules[i].class, "the API server refuses the launcher pod: %s (spec.%s%s: %s)",
                           at + sizeof(before) - 1, is_of_template ? "template.spec." : "", rules[i].field,
                           rules[i].way_out);
        }
    }
    return err_copy(err);
}

/* NULL for no field. */
static char *
spec_field(const char *pod_field, bool is_of_template)
{
    const char *spec = is_of_template ? "spec.template.spec" : "spec";

    if (!pod_field) {
        return NULL;
    }
    if (str_starts(pod_field, "metadata.")) {
        return xasprintf("%s%s", is_of_template ? "spec.template." : "", pod_field);
    }
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *rest = str_starts(pod_field, fields[i].pod) ? pod_field + strlen(fields[i].pod) : NULL;
        if (!rest || !strchr(".[", *rest)) { /* the end counts as one of these */
            continue;
        }
        return fields[i].is_copied ? xasprintf("%s.%s%s", spec, fields[i].spec, rest)
                                   : xasprintf("%s.%s (%s of the pod)", spec, fields[i].spec, pod_field);
    }
    return xasprintf("%s of the pod", pod_field);
}
