// Table of a VM's dataVolumeTemplates: CDI's DataVolume. vmbridge makes it as it is written; the schema is here to find what is misspelt.
#include "api/kinds/tables.h"

static const struct field selector_requirement_fields[] = {
    KEPT_STRING("key", "Label.", NEEDED),
    KEPT_STRING("operator", "In, NotIn, Exists or DoesNotExist.", NEEDED),
    KEPT_STRINGS("values", "Its values."),
    FIELD_END,
};
static const struct type selector_requirement_type = KEPT_TYPE(selector_requirement_fields);

/* Of pvc, as it is, and of storage, which CDI completes. */
static const struct field claim_fields[] = {
    KEPT_STRINGS("accessModes", "Access modes of the claim."),
    KEPT_STRING("volumeMode", "Block or Filesystem."),
    KEPT_STRING("storageClassName", "Storage class of the claim."),
    KEPT_STRING("volumeName", "Volume of the claim."),
    KEPT_STRING("volumeAttributesClassName", "Attributes class of the volume."),
    KEPT_QUANTITIES("resources.requests", "Size of the claim."),
    KEPT_QUANTITIES("resources.limits", "Most that it may be."),
    KEPT_MAP("selector.matchLabels", "Labels of the volume."),
    KEPT_LIST(selector_requirement_type, "selector.matchExpressions", "Labels with values such as these."),
    KEPT_STRING("dataSource.apiGroup", "Group of what fills it."),
    KEPT_STRING("dataSource.kind", "Kind of what fills it.", NEEDED),
    KEPT_STRING("dataSource.name", "Name of what fills it.", NEEDED),
    KEPT_STRING("dataSourceRef.apiGroup", "The same, of any kind."),
    KEPT_STRING("dataSourceRef.kind", "Its kind.", NEEDED),
    KEPT_STRING("dataSourceRef.name", "Its name.", NEEDED),
    KEPT_STRING("dataSourceRef.namespace", "Its namespace."),
    FIELD_END,
};
static const struct type claim_type = KEPT_TYPE(claim_fields);

static const struct field checkpoint_fields[] = {
    KEPT_STRING("current", "Snapshot of this step.", NEEDED),
    KEPT_STRING("previous", "Snapshot of the one before.", NEEDED),
    FIELD_END,
};
static const struct type checkpoint_type = KEPT_TYPE(checkpoint_fields);

static const struct field source_fields[] = {
    KEPT_PRESENT("blank", "Nothing."),
    KEPT_PRESENT("upload", "Whoever uploads."),
    KEPT_STRING("http.url", "Address.", NEEDED),
    KEPT_STRING("http.secretRef", "Secret with user and password."),
    KEPT_STRING("http.certConfigMap", "ConfigMap with certificates."),
    KEPT_STRINGS("http.extraHeaders", "Headers of the request."),
    KEPT_STRINGS("http.secretExtraHeaders", "Secrets with such."),
    KEPT_STRING("http.checksum", "Checksum of the image."),
    KEPT_STRING("s3.url", "Address.", NEEDED),
    KEPT_STRING("s3.secretRef", "Secret with the keys."),
    KEPT_STRING("s3.certConfigMap", "ConfigMap with certificates."),
    KEPT_STRING("s3.checksum", "Checksum of the image."),
    KEPT_STRING("gcs.url", "Address.", NEEDED),
    KEPT_STRING("gcs.secretRef", "Secret with the key."),
    KEPT_STRING("gcs.checksum", "Checksum of the image."),
    KEPT_STRING("registry.url", "Image."),
    KEPT_STRING("registry.imageStream", "Image stream."),
    KEPT_STRING("registry.pullMethod", "pod or node."),
    KEPT_STRING("registry.secretRef", "Secret for the registry."),
    KEPT_STRING("registry.certConfigMap", "ConfigMap with certificates."),
    KEPT_STRING("registry.platform.architecture", "Architecture of the image."),
    KEPT_STRING("registry.checksum", "Checksum of the image."),
    KEPT_STRING("pvc.name", "A claim.", NEEDED),
    KEPT_STRING("pvc.namespace", "Its namespace."),
    KEPT_STRING("snapshot.name", "A snapshot.", NEEDED),
    KEPT_STRING("snapshot.namespace", "Its namespace."),
    KEPT_STRING("imageio.url", "Address of oVirt.", NEEDED),
    KEPT_STRING("imageio.diskId", "Disk.", NEEDED),
    KEPT_STRING("imageio.secretRef", "Secret with user and password."),
    KEPT_STRING("imageio.certConfigMap", "ConfigMap with certificates."),
    KEPT_BOOL("imageio.insecureSkipVerify", "Certificates are not checked."),
    KEPT_STRING("vddk.url", "Address of vSphere."),
    KEPT_STRING("vddk.uuid", "Machine."),
    KEPT_STRING("vddk.backingFile", "Disk of the machine."),
    KEPT_STRING("vddk.thumbprint", "Certificate of vSphere."),
    KEPT_STRING("vddk.secretRef", "Secret with user and password."),
    KEPT_STRING("vddk.initImageURL", "Image with the VDDK library."),
    KEPT_STRING("vddk.certConfigMap", "ConfigMap with certificates."),
    KEPT_STRING("vddk.extraArgs", "ConfigMap with arguments."),
    FIELD_END,
};
static const struct type source_type = KEPT_TYPE(source_fields);

static const struct field metadata_fields[] = {
    KEPT_MAP("labels", "Labels of the DataVolume.", NULLABLE),
    KEPT_MAP("annotations", "Annotations of the DataVolume.", NULLABLE),
    KEPT_STRING("name", "Name of the DataVolume and of its claim; the fields below are of no effect.", NULLABLE),
    KEPT_META_REST,
    FIELD_END,
};
static const struct type metadata_type = KEPT_TYPE(metadata_fields);

#define SOURCES                                                                                   \
    "((has(self.spec.source) ? [has(self.spec.source.blank), has(self.spec.source.upload), "      \
    "has(self.spec.source.http), has(self.spec.source.s3), has(self.spec.source.gcs), "           \
    "has(self.spec.source.registry), has(self.spec.source.pvc), has(self.spec.source.snapshot), " \
    "has(self.spec.source.imageio), has(self.spec.source.vddk)].filter(s, s).size() : 0) + "      \
    "(has(self.spec.sourceRef) ? 1 : 0))"
/* A populator fills a claim that names what it is filled from. */
#define OF_POPULATOR(claim) \
    "(has(self.spec." claim ") && (has(self.spec." claim ".dataSource) || has(self.spec." claim ".dataSourceRef)))"

/* Of names and places a rule of the controller has the rest: whether a volume uses it, and none twice. */
static const struct cel_rule data_volume_rules[] = {
    {"has(self.metadata) && has(self.metadata.name) && self.metadata.name != ''",
     "'name' field must not be empty for DataVolumeTemplate entry", NULL},
    {"has(self.spec.pvc) || has(self.spec.storage)", "Missing Data volume PVC or Storage", NULL},
    {"!(has(self.spec.pvc) && has(self.spec.storage))",
     "Duplicate storage definition, both target storage and target pvc defined", NULL},
    {SOURCES " <= 1", "Multiple dataVolume sources", NULL},
    {SOURCES " == 1 || " OF_POPULATOR("pvc") " || " OF_POPULATOR("storage"), "Missing dataVolume valid source", NULL},
    {NULL, NULL, NULL},
};

static const struct field data_volume_template_fields[] = {
    KEPT_STRING("apiVersion", "Of no effect.", NULLABLE),
    KEPT_STRING("kind", "Of no effect.", NULLABLE),
    KEPT_STRUCT(metadata_type, "metadata", "Metadata of the DataVolume.", NULLABLE),
    KEPT_PRESENT("status", "Of no effect.", NULLABLE),
    FIELD_KEPT("spec", "The DataVolume.", NEEDED),
    KEPT_STRUCT(source_type, "spec.source", "What fills it."),
    KEPT_STRING("spec.sourceRef.kind", "Kind of an object that says what fills it.", NEEDED),
    KEPT_STRING("spec.sourceRef.name", "Its name.", NEEDED),
    KEPT_STRING("spec.sourceRef.namespace", "Its namespace."),
    KEPT_STRUCT(claim_type, "spec.pvc", "The claim."),
    KEPT_STRUCT(claim_type, "spec.storage", "The claim; CDI completes it."),
    KEPT_STRING("spec.contentType", "kubevirt or archive."),
    KEPT_BOOL("spec.preallocation", "All of it is written."),
    KEPT_STRING("spec.priorityClassName", "Priority of the pods that fill it."),
    KEPT_LIST(checkpoint_type, "spec.checkpoints", "Steps of a transfer."),
    KEPT_BOOL("spec.finalCheckpoint", "The last step is named."),
    FIELD_END,
};
const struct type data_volume_template_type = {
    .name = "kept", .fields = data_volume_template_fields, .cel = data_volume_rules};
