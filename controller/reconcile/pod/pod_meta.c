// The author of a machine need not have the right to make pods: what a pod's metadata grants is the administrator's to give.
#include "reconcile/pod/pod_meta.h"

/* A name, or what stands before the '*' at the end of a pattern. */
static bool
fits(const char *pattern, const char *key)
{
    size_t len = strlen(pattern);

    if (len > 0 && pattern[len - 1] == '*') {
        return strncmp(pattern, key, len - 1) == 0;
    }
    return str_eq(pattern, key);
}

static bool
fits_any(const char *const *patterns, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (fits(patterns[i], key)) {
            return true;
        }
    }
    return false;
}

/* Services and network policies select by labels, so all pass but those that have a meaning to vmbridge, and those by which admission
 * of others adds containers or credentials to a pod. */
bool
pod_label_passes(const char *key)
{
    static const char *const held_back[] = {
        "kubevirt.io/nodeName",
        "kubevirt.io/migration*",
        "kubevirt.io/outdatedLauncherImage",
        "kubevirt.io/created-by",
        "vmbridge.io/*",
        "sidecar.istio.io/*",
        "istio.io/*",
        "linkerd.io/*",
        "azure.workload.identity/*",
        "admission.*",
    };

    return !fits_any(held_back, ARRAY_LEN(held_back), key);
}

bool
pod_annotation_passes(const struct config *c, const char *key)
{
    static const char *const never[] = {
        "vmbridge.io/*",
        "kubectl.kubernetes.io/*",
        "k8s.v1.cni.cncf.io/network-status",
        "kubevirt.io/domain",
        "kubevirt.io/latest-observed-api-version",
        "kubevirt.io/storage-observed-api-version",
        "kubevirt.io/vm-generation",
    };
    static const char *const harmless[] = {"vm.kubevirt.io/*", "prometheus.io/*", "kubevirt.io/skip-backup-hooks"};
    const struct str_list *l = &c->pod_annotations;

    if (fits_any(never, ARRAY_LEN(never), key)) {
        return false;
    }
    return l->n > 0 ? fits_any(l->items, l->n, key) : fits_any(harmless, ARRAY_LEN(harmless), key);
}
