// A trusted platform module, by swtpm, which libvirt starts and ends with the guest.
#include "domain/parts.h"
#include "domain/paths.h"

/* The models are those of KubeVirt: a guest that moves here finds the one that it knows. */
static void
write_tpm(const struct domain_view *v, struct xml *x)
{
    const struct tpm *t = v->instance->spec.domain.tpm;
    bool is_kept = tpm_is_kept(t);

    if (!tpm_is_there(t)) {
        return;
    }
    xml_open(x, "tpm");
    xml_attr(x, "model", is_kept ? "tpm-crb" : "tpm-tis");
    xml_open(x, "backend");
    xml_attr(x, "type", "emulator");
    xml_attr(x, "version", "2.0");
    if (is_kept) {
        xml_attr(x, "persistent_state", "yes");
        xml_empty(x, "source", "type", "dir", "path", arena_printf(v->arena, "%s/" DOMAIN_TPM, v->facts.state_dir),
                  NULL);
    }
    xml_close(x);
    xml_close(x);
}

const struct part part_tpm = {
    .name = "tpm",
    .elements = "tpm",
    .is_device = true,
    .about = "A trusted platform module of version 2.0; what it holds may outlive the pod.",
    .write = write_tpm,
};
