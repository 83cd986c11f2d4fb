// What is invalid is refused, what is left out is a warning, and pods that pass for launchers are made by the controller alone.
#include "api/gen/policies.h"

#include "api/gen/served.h"
#include "api/kinds/node_capabilities.h"

enum { POLICY_MAX = 90000, SENTENCE_MAX = 4000 };

static json_t *
policy_name(const struct served_kind *k)
{
    return json_sprintf("%s.kubevirt.io", k->plural);
}

static json_t *
policy_conditions(const struct served_kind *k)
{
    json_t *list = json_pack("[{s:s, s:s}]", "name", "spec-is-new", "expression",
                             "oldObject == null || object.spec != oldObject.spec");

    if (k->unless) {
        json_array_append_new(
            list, json_pack("{s:s, s:o}", "name", "not-of-a-machine", "expression", json_sprintf("!(%s)", k->unless)));
    }
    return list;
}

/* What was wrong before and is not changed is no reason to refuse the rest: such objects were stored under older rules. */
static json_t *
policy(const struct served_kind *k)
{
    AUTO(strbuf_fini) struct strbuf problems = STRBUF_INIT(POLICY_MAX);

    strbuf_adds(&problems, "(oldObject == null ? [object] : [object, oldObject]).map(self, ");
    BUG_ON(!api_policy(k->type, &problems));
    strbuf_adds(&problems, ")");
    BUG_ON(problems.over);
    json_t *rules = json_pack("[{s:[s], s:[s], s:[s, s], s:[s]}]", "apiGroups", "kubevirt.io", "apiVersions", "v1",
                              "operations", "CREATE", "UPDATE", "resources", k->plural);
    json_t *variables =
        json_pack("[{s:s, s:s}, {s:s, s:s}]", "name", "problems", "expression", strbuf_str(&problems), "name", "said",
                  "expression", "variables.problems[0].substring(0, variables.problems[0].size() - 2)");
    json_t *validation =
        json_pack("[{s:s, s:s, s:o, s:s}]", "expression",
                  "variables.problems[0] == '' || (variables.problems.size() == 2 && variables.problems[0] == "
                  "variables.problems[1])",
                  "message", "the spec is invalid", "messageExpression",
                  json_sprintf("variables.said.size() > %d ? variables.said.substring(0, %d) : variables.said",
                               SENTENCE_MAX, SENTENCE_MAX),
                  "reason", "Invalid");
    /* Ignore: a rule that cannot be evaluated blocks nobody, the controller looks again. */
    return json_pack("{s:s, s:s, s:{s:o, s:{s:s}}, s:{s:s, s:{s:s, s:o}, s:o, s:o, s:o}}", "apiVersion",
                     "admissionregistration.k8s.io/v1", "kind", "ValidatingAdmissionPolicy", "metadata", "name",
                     policy_name(k), "labels", "app.kubernetes.io/managed-by", "vmbridge", "spec", "failurePolicy",
                     "Ignore", "matchConstraints", "matchPolicy", "Equivalent", "resourceRules", rules,
                     "matchConditions", policy_conditions(k), "variables", variables, "validations", validation);
}

/* Pods that pass for launchers are made by those alone who may write an instance's status, which is the controller; and what makes them
 * launchers is changed by nobody else. Pods of everybody else do not match, so no rule is evaluated for them. */
#define POD_POLICY "launcher-pods.vmbridge.io"
#define LAUNCHER_OWNERS(o)                                                                                  \
    "(has(" o ".metadata.ownerReferences) ? " o ".metadata.ownerReferences.filter(r, has(r.controller) && " \
    "r.controller && r.kind == 'VirtualMachineInstance' && r.apiVersion.startsWith('kubevirt.io/')) : [])"
#define LAUNCHER_LABELS(o)                                                                                           \
    "(has(" o ".metadata.labels) ? ['kubevirt.io', 'kubevirt.io/created-by'].map(k, k in " o ".metadata.labels ? " o \
    ".metadata.labels[k] : '') : ['', ''])"
#define LAUNCHER_NOTES(o)                                                                      \
    "(has(" o ".metadata.annotations) ? ['vmbridge.io/instance', 'vmbridge.io/gateway-pins', " \
    "'vmbridge.io/gateway-ca'].map(k, k in " o ".metadata.annotations ? " o                    \
    ".metadata.annotations[k] : '') : ['', '', ''])"
#define PASSES_FOR_LAUNCHER(o)                                                                        \
    "(" o " != null && (" LAUNCHER_LABELS(o) "[0] == 'virt-launcher' || (has(" o                      \
                                             ".metadata.annotations) && 'vmbridge.io/instance' in " o \
                                             ".metadata.annotations) || " LAUNCHER_OWNERS(o) ".size() > 0))"

static json_t *
pod_policy(void)
{
    json_t *rules = json_pack("[{s:[s], s:[s], s:[s, s], s:[s]}]", "apiGroups", "", "apiVersions", "v1", "operations",
                              "CREATE", "UPDATE", "resources", "pods");
    json_t *conditions =
        json_pack(
            "[{s:s, s:s}, {s:s, s:s}]", "name", "passes-for-a-launcher", "expression",
            PASSES_FOR_LAUNCHER("object") " || " PASSES_FOR_LAUNCHER("oldObject"), "name", "changes-what-makes-it-one",
            "expression",
            "oldObject == null || object.spec != oldObject.spec || " LAUNCHER_LABELS("object") " != " LAUNCHER_LABELS(
                "oldO"
                "bjec"
                "t") " || " LAUNCHER_NOTES("object") " != " LAUNCHER_NOTES("oldObject") " || " LAUNCHER_OWNERS("object") " != " LAUNCHER_OWNERS("oldOb"
                                                                                                                                                "jec"
                                                                                                                                                "t"));
    json_t *validations =
        json_pack("[{s:s, s:s, s:s}]", "expression",
                  "authorizer.group('kubevirt.io').resource('virtualmachineinstances').subresource('status')"
                  ".namespace(request.namespace).check('patch').allowed()",
                  "message",
                  "pods with the label kubevirt.io=virt-launcher, the annotation vmbridge.io/instance or a "
                  "VirtualMachineInstance for controller are vmbridge's: who may not write the status of instances may "
                  "neither make one nor change its owner, these labels, its annotations of vmbridge.io, or its spec",
                  "reason", "Forbidden");

    /* Fail: what cannot be evaluated is a pod that was made so, and no pod of anybody else gets that far. */
    return json_pack("{s:s, s:s, s:{s:s, s:{s:s}}, s:{s:s, s:{s:s, s:o}, s:o, s:o}}", "apiVersion",
                     "admissionregistration.k8s.io/v1", "kind", "ValidatingAdmissionPolicy", "metadata", "name",
                     POD_POLICY, "labels", "app.kubernetes.io/managed-by", "vmbridge", "spec", "failurePolicy", "Fail",
                     "matchConstraints", "matchPolicy", "Equivalent", "resourceRules", rules, "matchConditions",
                     conditions, "validations", validations);
}

/* The right to patch nodes reaches further than labels: this holds us to those that tell what a node can run. */
#define NODE_POLICY "node-labels.vmbridge.io"
#define NODE_LABELS(o) "(has(" o ".metadata.labels) ? " o ".metadata.labels : {})"
#define BEGINS(prefix) "k.startsWith('" prefix "')"
#define IS_TOLD                                                                          \
    "(k == '" NODE_SCHEDULABLE_LABEL "' || " BEGINS(NODE_CPU_MODEL_LABEL) " || " BEGINS( \
        NODE_CPU_FEATURE_LABEL) " || " BEGINS(NODE_HOST_MODEL_LABEL) " || " BEGINS(NODE_MACHINE_LABEL) ")"
#define KEPT_AS_IN(a, b) \
    NODE_LABELS(a) ".all(k, " IS_TOLD " || [" NODE_LABELS(b) "].all(m, k in m && m[k] == " NODE_LABELS(a) "[k]))"

static json_t *
node_policy(void)
{
    json_t *rules = json_pack("[{s:[s], s:[s], s:[s], s:[s]}]", "apiGroups", "", "apiVersions", "v1", "operations",
                              "UPDATE", "resources", "nodes");
    json_t *conditions =
        json_pack("[{s:s, s:s}]", "name", "is-vmbridge", "expression",
                  "request.userInfo.username.matches('^system:serviceaccount:[^:]+:vmbridge-controller$')");
    json_t *validations = json_pack(
        "[{s:s, s:s, s:s}]", "expression",
        "object.spec == oldObject.spec && (has(object.metadata.annotations) ? object.metadata.annotations : {}) == "
        "(has(oldObject.metadata.annotations) ? oldObject.metadata.annotations : {}) && " KEPT_AS_IN(
            "object", "oldObject") " && " KEPT_AS_IN("oldObject", "object"),
        "message", "vmbridge-controller changes of a node only the labels that tell what guests it can run", "reason",
        "Forbidden");

    return json_pack("{s:s, s:s, s:{s:s, s:{s:s}}, s:{s:s, s:{s:s, s:o}, s:o, s:o}}", "apiVersion",
                     "admissionregistration.k8s.io/v1", "kind", "ValidatingAdmissionPolicy", "metadata", "name",
                     NODE_POLICY, "labels", "app.kubernetes.io/managed-by", "vmbridge", "spec", "failurePolicy", "Fail",
                     "matchConstraints", "matchPolicy", "Equivalent", "resourceRules", rules, "matchConditions",
                     conditions, "validations", validations);
}

/* Takes effect as a warning that kubectl prints, one for each row that asks for something. */
static json_t *
repairs_validations(const struct served_kind *k)
{
    AUTO(arena_freep) struct arena *a = arena_new(POLICY_MAX);
    json_t *list = json_array();

    for (const struct supported *part = k->parts; part->rows; part++) {
        for (const struct support *row = part->rows; row->path; row++) {
            AUTO(strbuf_fini) struct strbuf rule = STRBUF_INIT(POLICY_MAX);
            if (row->class != SUPPORT_TOLD) {
                continue;
            }
            strbuf_addf(&rule, "[%s].all(spec, ", part->value);
            bool fits = support_policy(row, a, &rule) && strbuf_addc(&rule, ')');
            BUG_ON(!fits);
            json_array_append_new(list, json_pack("{s:s, s:o}", "expression", strbuf_str(&rule), "message",
                                                  json_sprintf("%s%s: %s", part->root, row->path, row->text)));
        }
    }
    return list;
}

static json_t *
repairs_name(const struct served_kind *k)
{
    return json_sprintf("repairs.%s.kubevirt.io", k->plural);
}

static json_t *
repairs_policy(const struct served_kind *k)
{
    json_t *rules = json_pack("[{s:[s], s:[s], s:[s, s], s:[s]}]", "apiGroups", "kubevirt.io", "apiVersions", "v1",
                              "operations", "CREATE", "UPDATE", "resources", k->plural);

    return json_pack("{s:s, s:s, s:{s:o, s:{s:s}}, s:{s:s, s:{s:s, s:o}, s:o, s:o}}", "apiVersion",
                     "admissionregistration.k8s.io/v1", "kind", "ValidatingAdmissionPolicy", "metadata", "name",
                     repairs_name(k), "labels", "app.kubernetes.io/managed-by", "vmbridge", "spec", "failurePolicy",
                     "Ignore", "matchConstraints", "matchPolicy", "Equivalent", "resourceRules", rules,
                     "matchConditions", policy_conditions(k), "validations", repairs_validations(k));
}

static json_t *
policy_binding(json_t *name, const char *action)
{
    return json_pack("{s:s, s:s, s:{s:O, s:{s:s}}, s:{s:o, s:[s]}}", "apiVersion", "admissionregistration.k8s.io/v1",
                     "kind", "ValidatingAdmissionPolicyBinding", "metadata", "name", name, "labels",
                     "app.kubernetes.io/managed-by", "vmbridge", "spec", "policyName", name, "validationActions",
                     action);
}

json_t *
policies(void)
{
    json_t *all = json_array();

    for (size_t i = 0; i < SERVED_KINDS; i++) {
        if (!served_kinds[i].is_written_by_us) {
            json_array_append_new(all, policy(&served_kinds[i]));
            json_array_append_new(all, policy_binding(policy_name(&served_kinds[i]), "Deny"));
        }
    }
    for (size_t i = 0; i < SERVED_KINDS; i++) {
        if (served_kinds[i].parts[0].rows) {
            json_array_append_new(all, repairs_policy(&served_kinds[i]));
            json_array_append_new(all, policy_binding(repairs_name(&served_kinds[i]), "Warn"));
        }
    }
    json_array_append_new(all, pod_policy());
    json_array_append_new(all, policy_binding(json_string(POD_POLICY), "Deny"));
    json_array_append_new(all, node_policy());
    json_array_append_new(all, policy_binding(json_string(NODE_POLICY), "Deny"));
    return all;
}
