// Tables of volumes and networks, with the rules that the API server checks at apply.
#include "api/kinds/tables.h"

const struct enum_value pull_policy_names[] = {
    {"Always", PULL_ALWAYS}, {"IfNotPresent", PULL_IF_NOT_PRESENT}, {"Never", PULL_NEVER}, {NULL, 0}};

static const struct field local_ref_fields[] = {
    FIELD_STRING(local_ref, name, "name", "Its name, in the same namespace.", MAX_LEN(253)),
    FIELD_END,
};
static const struct type local_ref_type = TYPE(local_ref, local_ref_fields);

static const struct field pvc_fields[] = {
    FIELD_STRING(volume_pvc, claim_name, "claimName", "Name of the claim in the same namespace.", REQUIRED, MAX_LEN(253)),
    FIELD_BOOL(volume_pvc, read_only, "readOnly", "The claim is mounted read-only."),
    KEPT_BOOL("hotpluggable", "It may be unplugged while the guest runs."),
    FIELD_END,
};
static const struct type pvc_type = TYPE(volume_pvc, pvc_fields);

static const struct field data_volume_fields[] = {
    FIELD_STRING(volume_pvc, claim_name, "name", "Name of the DataVolume and of its claim.", REQUIRED, MAX_LEN(253)),
    KEPT_BOOL("hotpluggable", "It may be unplugged while the guest runs."),
    FIELD_END,
};
static const struct type data_volume_type = TYPE(volume_pvc, data_volume_fields);

static const struct field container_disk_fields[] = {
    FIELD_STRING(volume_container_disk, image, "image", "Image that carries one disk file.", REQUIRED, MAX_LEN(1024)),
    FIELD_STRING(volume_container_disk, image_pull_secret, "imagePullSecret", "Secret for the registry.", MAX_LEN(253)),
    FIELD_STRING(volume_container_disk, path, "path", "Disk file in the image.", MAX_LEN(1024),
                 OTHERWISE("the one file under /disk")),
    FIELD_ENUM(volume_container_disk, image_pull_policy, pull_policy, pull_policy_names, "imagePullPolicy",
               "When the image is pulled.", OTHERWISE("Always for :latest and no tag, else IfNotPresent")),
    FIELD_END,
};
static const struct type container_disk_type = TYPE(volume_container_disk, container_disk_fields);

/* 2,048 bytes are 683 groups of four signs, the last one padded; 684 or a full last group are more. */
#define BASE64_RULES(what, hint)                                                                                  \
    {                                                                                                             \
        {"self.matches('^[A-Za-z0-9+/\\r\\n]*={0,2}[\\r\\n]*$')", what "DataBase64 is not a valid base64 value.", \
         NULL},                                                                                                   \
            {"self.replace('\\n', '').size() < 2732 || (self.replace('\\n', '').size() == 2732 && "               \
             "self.contains('='))",                                                                               \
             what "data exceeds 2048 byte limit. Should use " hint " for larger data.", NULL},                    \
        {                                                                                                         \
            NULL, NULL, NULL                                                                                      \
        }                                                                                                         \
    }
#define TEXT_RULES(what, hint)                                                                                    \
    {                                                                                                             \
        {"bytes(self).size() <= 2048", what "data exceeds 2048 byte limit. Should use " hint " for larger data.", \
         NULL},                                                                                                   \
        {                                                                                                         \
            NULL, NULL, NULL                                                                                      \
        }                                                                                                         \
    }
static const struct cel_rule user_data_rules[] = TEXT_RULES("user", "UserDataSecretRef");
static const struct cel_rule user_base64_rules[] = BASE64_RULES("user", "UserDataSecretRef");
static const struct cel_rule network_data_rules[] = TEXT_RULES("network", "NetworkDataSecretRef");
static const struct cel_rule network_base64_rules[] = BASE64_RULES("network", "NetworkDataSecretRef");

static const struct cel_rule cloud_init_rules[] = {
    {"[has(self.userData), has(self.userDataBase64), has(self.secretRef)].filter(s, s).size() <= 1",
     "must have only one userdatasource set.", NULL},
    {"[has(self.networkData), has(self.networkDataBase64), has(self.networkDataSecretRef)].filter(s, s).size() <= 1",
     "must have only one networkdata source set.", NULL},
    {"has(self.userData) || has(self.userDataBase64) || has(self.secretRef) || "
     "has(self.networkData) || has(self.networkDataBase64) || has(self.networkDataSecretRef)",
     "must have at least one userdatasource or one networkdatasource set.", NULL},
    {NULL, NULL, NULL},
};

/* Past these the API server says "too long" before the rules have their say: what a rule may cost depends on them. */
enum { CLOUD_DATA_MAX = 8192, CLOUD_BASE64_MAX = 4096 };

static const struct field cloud_init_fields[] = {
    FIELD_STRING(volume_cloud_init, user_data, "userData", "User data, at most 2048 bytes.", MAX_LEN(CLOUD_DATA_MAX),
                 RULES(user_data_rules)),
    FIELD_STRING(volume_cloud_init, user_data_base64, "userDataBase64", "The same in base64.",
                 MAX_LEN(CLOUD_BASE64_MAX), RULES(user_base64_rules)),
    FIELD_POINTER(volume_cloud_init, secret_ref, local_ref, local_ref_type, "secretRef",
                  "Secret with user data under userdata or user-data."),
    FIELD_STRING(volume_cloud_init, network_data, "networkData", "Network data, at most 2048 bytes.",
                 MAX_LEN(CLOUD_DATA_MAX), RULES(network_data_rules)),
    FIELD_STRING(volume_cloud_init, network_data_base64, "networkDataBase64", "The same in base64.",
                 MAX_LEN(CLOUD_BASE64_MAX), RULES(network_base64_rules)),
    FIELD_POINTER(volume_cloud_init, network_data_secret_ref, local_ref, local_ref_type, "networkDataSecretRef",
                  "Secret with network data under networkdata or network-data."),
    FIELD_END,
};
static const struct type cloud_init_type = TYPE(volume_cloud_init, cloud_init_fields, .cel = cloud_init_rules);

static const struct field empty_disk_fields[] = {
    FIELD_QUANTITY(volume_empty_disk, capacity, "capacity", "Size of the disk.", REQUIRED),
    FIELD_END,
};
static const struct type empty_disk_type = TYPE(volume_empty_disk, empty_disk_fields);

#define VOLUME_SOURCES                                                                                             \
    "[has(self.persistentVolumeClaim), has(self.containerDisk), has(self.cloudInitNoCloud), has(self.emptyDisk), " \
    "has(self.dataVolume), has(self.cloudInitConfigDrive), has(self.ephemeral), has(self.hostDisk), "              \
    "has(self.configMap), "                                                                                        \
    "has(self.secret), has(self.serviceAccount), has(self.downwardAPI), has(self.sysprep), "                       \
    "has(self.downwardMetrics), "                                                                                  \
    "has(self.memoryDump), has(self.containerPath)]"

static const struct cel_rule volume_rules[] = {
    {VOLUME_SOURCES ".filter(s, s).size() == 1", "must have exactly one source type set",
     "'volume ' + self.name + ' must have exactly one source type set'"},
    {NULL, NULL, NULL},
};

static const struct field downward_item_fields[] = {
    KEPT_STRING("path", "Name of the file.", NEEDED),
    KEPT_STRING("fieldRef.apiVersion", "Version of the field's path."),
    KEPT_STRING("fieldRef.fieldPath", "Field of the pod that is in it.", NEEDED),
    KEPT_STRING("resourceFieldRef.containerName", "Container of a resource."),
    KEPT_STRING("resourceFieldRef.resource", "Resource that is in it.", NEEDED),
    KEPT_QUANTITY("resourceFieldRef.divisor", "Unit of the resource."),
    KEPT_INT("mode", "Mode of the file."),
    FIELD_END,
};
static const struct type downward_item_type = KEPT_TYPE(downward_item_fields);

enum { LABEL_MAX = 32 };
#define LABEL_SENTENCE "Label of the disk: at most 32 printable signs of ASCII."

static const struct cel_rule config_map_rules[] = {
    {"has(self.name) && self.name != ''", "name is a required field", NULL},
    {NULL, NULL, NULL},
};
static const struct field config_map_fields[] = {
    FIELD_STRING(volume_object, name, "name", "Its name.", MAX_LEN(253)),
    FIELD_BOOL(volume_object, optional, "optional", "It need not be there: the disk is empty then."),
    FIELD_STRING(volume_object, volume_label, "volumeLabel", LABEL_SENTENCE, MAX_LEN(LABEL_MAX), PATTERN("^[ -~]*$"),
                 OTHERWISE("cfgdata")),
    FIELD_END,
};
static const struct type config_map_type = TYPE(volume_object, config_map_fields, .cel = config_map_rules);

static const struct cel_rule secret_rules[] = {
    {"has(self.secretName) && self.secretName != ''", "secretName is a required field", NULL},
    {NULL, NULL, NULL},
};
static const struct field secret_fields[] = {
    FIELD_STRING(volume_object, name, "secretName", "Its name.", MAX_LEN(253)),
    FIELD_BOOL(volume_object, optional, "optional", "It need not be there: the disk is empty then."),
    FIELD_STRING(volume_object, volume_label, "volumeLabel", LABEL_SENTENCE, MAX_LEN(LABEL_MAX), PATTERN("^[ -~]*$"),
                 OTHERWISE("cfgdata")),
    FIELD_END,
};
static const struct type secret_type = TYPE(volume_object, secret_fields, .cel = secret_rules);

static const struct field downward_api_fields[] = {
    FIELD_JSON(volume_downward_api, fields, "fields", "Which ones.", .list = true, OF(downward_item_type)),
    FIELD_STRING(volume_downward_api, volume_label, "volumeLabel", LABEL_SENTENCE, MAX_LEN(LABEL_MAX),
                 PATTERN("^[ -~]*$"), OTHERWISE("cfgdata")),
    FIELD_END,
};
static const struct type downward_api_type = TYPE(volume_downward_api, downward_api_fields);

static const struct cel_rule service_account_rules[] = {
    {"has(self.serviceAccountName) && self.serviceAccountName != ''", "serviceAccountName is a required field", NULL},
    {NULL, NULL, NULL},
};
static const struct field service_account_fields[] = {
    FIELD_STRING(volume_service_account, name, "serviceAccountName", "Whose.", MAX_LEN(253)),
    FIELD_END,
};
static const struct type service_account_type =
    TYPE(volume_service_account, service_account_fields, .cel = service_account_rules);

static const struct cel_rule sysprep_rules[] = {
    {"has(self.secret) != has(self.configMap)", "must have exactly one of configMap and secret", NULL},
    {NULL, NULL, NULL},
};
static const struct field sysprep_fields[] = {
    FIELD_POINTER(volume_sysprep, secret, local_ref, local_ref_type, "secret", "Secret that holds them."),
    FIELD_POINTER(volume_sysprep, config_map, local_ref, local_ref_type, "configMap", "ConfigMap that holds them."),
    FIELD_END,
};
static const struct type sysprep_type = TYPE(volume_sysprep, sysprep_fields, .cel = sysprep_rules);

static const struct field ephemeral_claim_fields[] = {
    FIELD_STRING(volume_pvc, claim_name, "claimName", "Name of the claim.", REQUIRED, MAX_LEN(253)),
    FIELD_BOOL(volume_pvc, read_only, "readOnly", "The claim is mounted read-only, whatever is said."),
    FIELD_END,
};
static const struct type ephemeral_claim_type = TYPE(volume_pvc, ephemeral_claim_fields);

static const struct cel_rule host_path_rules[] = {
    {"self != ''", "hostDisk.path is required for hostDisk volume", NULL},
    {"self.matches('^(/([^/.]|[.][^/.]|[.][.][^/])[^/]*){2,}$')",
     "hostDisk.path must be a file in a folder, without . and .. in it", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule host_type_rules[] = {
    {"self in ['Disk', 'DiskOrCreate']", "hostDisk.type has invalid value",
     "'hostDisk.type has invalid value \\'' + self + '\\', allowed are \\'Disk\\' or \\'DiskOrCreate\\''"},
    {NULL, NULL, NULL},
};
static const struct cel_rule host_disk_rules[] = {
    {"!has(self.capacity) || !has(self.type) || self.type != 'Disk'",
     "hostDisk.capacity is allowed to pass only with hostDisk.type equal to 'DiskOrCreate'", NULL},
    {NULL, NULL, NULL},
};
static const struct field host_disk_fields[] = {
    FIELD_STRING(volume_host_disk, path, "path", "Its path.", REQUIRED, MAX_LEN(1024), RULES(host_path_rules)),
    FIELD_STRING(volume_host_disk, type, "type", "Disk: it is there. DiskOrCreate: else it is made.", REQUIRED,
                 MAX_LEN(32), RULES(host_type_rules)),
    FIELD_QUANTITY(volume_host_disk, capacity, "capacity", "Its size when it is made."),
    KEPT_BOOL("shared", "All nodes have the same file."),
    FIELD_END,
};
static const struct type host_disk_type = TYPE(volume_host_disk, host_disk_fields, .cel = host_disk_rules);

static const struct field volume_fields[] = {
    FIELD_STRING(volume, name, "name", "Name of the volume; a disk refers to it.", REQUIRED, MAX_LEN(253)),
    FIELD_POINTER(volume, pvc, volume_pvc, pvc_type, "persistentVolumeClaim",
                  "A claim, as block device or with disk.img."),
    FIELD_POINTER(volume, data_volume, volume_pvc, data_volume_type, "dataVolume",
                  "The claim of a DataVolume, which CDI makes and fills before the guest starts."),
    FIELD_POINTER(volume, container_disk, volume_container_disk, container_disk_type, "containerDisk",
                  "A disk from an image; what the guest writes is gone with it."),
    FIELD_POINTER(volume, cloud_init_no_cloud, volume_cloud_init, cloud_init_type, "cloudInitNoCloud",
                  "A disk with cloud-init data in the NoCloud format."),
    FIELD_POINTER(volume, cloud_init_config_drive, volume_cloud_init, cloud_init_type, "cloudInitConfigDrive",
                  "The same in the ConfigDrive format."),
    FIELD_POINTER(volume, empty_disk, volume_empty_disk, empty_disk_type, "emptyDisk",
                  "An empty disk that goes with the guest."),
    FIELD_POINTER(volume, config_map, volume_object, config_map_type, "configMap",
                  "A disk with the files of a ConfigMap, as they are when the guest starts."),
    FIELD_POINTER(volume, secret, volume_object, secret_type, "secret",
                  "A disk with the files of a Secret, as they are when the guest starts."),
    FIELD_POINTER(volume, service_account, volume_service_account, service_account_type, "serviceAccount",
                  "A disk with a token, the cluster's CA and the namespace, as they are when the guest starts."),
    FIELD_POINTER(volume, downward_api, volume_downward_api, downward_api_type, "downwardAPI",
                  "A disk with fields of the launcher pod, as they are when the guest starts."),
    FIELD_POINTER(volume, sysprep, volume_sysprep, sysprep_type, "sysprep",
                  "A disk with answers for Windows' set-up: Autounattend.xml or Unattend.xml."),
    FIELD_KEPT("ephemeral", "A claim that is only read; what the guest writes is gone with it."),
    FIELD_POINTER(volume, ephemeral, volume_pvc, ephemeral_claim_type, "ephemeral.persistentVolumeClaim", "The claim.",
                  NEEDED),
    FIELD_POINTER(volume, host_disk, volume_host_disk, host_disk_type, "hostDisk",
                  "A file of the node, in a folder that configuration.bridge.hostDiskPaths allows."),
    FIELD_OTHERS(volume, other, "Sources that are kept and not run yet.",
                 .first_key = offsetof(struct volume, other_source)),
    KEPT_PRESENT("downwardMetrics", "A disk with figures of the node.", OTHER),
    FIELD_KEPT("memoryDump", "A claim that the guest's memory is written to.", OTHER),
    KEPT_STRING("memoryDump.claimName", "Its name.", NEEDED),
    KEPT_BOOL("memoryDump.readOnly", "The claim is mounted read-only."),
    KEPT_BOOL("memoryDump.hotpluggable", "It may be unplugged while the guest runs."),
    FIELD_KEPT("containerPath", "A folder of the pod.", OTHER),
    KEPT_STRING("containerPath.path", "Its path.", NEEDED),
    KEPT_BOOL("containerPath.readOnly", "The guest cannot write."),
    FIELD_END,
};
const struct type volume_type = TYPE(volume, volume_fields, .list_key = "name", .cel = volume_rules);

static const struct field network_pod_fields[] = {
    FIELD_STRING(network_pod, vm_network_cidr, "vmNetworkCIDR", "Private network of a masquerade interface.",
                 MAX_LEN(64), OTHERWISE("10.0.2.0/24")),
    FIELD_STRING(network_pod, vm_ipv6_network_cidr, "vmIPv6NetworkCIDR", "The same for IPv6.", MAX_LEN(64),
                 OTHERWISE("fd10:0:2::/120")),
    FIELD_END,
};
static const struct type network_pod_type = TYPE(network_pod, network_pod_fields);

#define DNS_NAME "[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
static const struct cel_rule attachment_rules[] = {
    {"self == '' || self.matches('^(" DNS_NAME "/)?" DNS_NAME "$')",
     "must be the name of a NetworkAttachmentDefinition: NAME or NAMESPACE/NAME", NULL},
    {NULL, NULL, NULL},
};

static const struct field network_multus_fields[] = {
    FIELD_STRING(network_multus, network_name, "networkName",
                 "NetworkAttachmentDefinition that describes it, NAME or NAMESPACE/NAME.", NEEDED, MAX_LEN(253),
                 RULES(attachment_rules)),
    FIELD_BOOL(network_multus, is_default, "default", "It takes the place of the pod network.", OTHERWISE("false")),
    FIELD_END,
};
static const struct type network_multus_type = TYPE(network_multus, network_multus_fields);

static const struct cel_rule network_rules[] = {
    {"has(self.pod) || has(self.multus) || has(self.resourceClaim) || has(self.networkName)",
     "should have a network type: write pod: {}", NULL},
    {"(has(self.pod) ? 1 : 0) + (has(self.multus) ? 1 : 0) + (has(self.resourceClaim) ? 1 : 0) <= 1",
     "should have only one network type", NULL},
    {"!has(self.multus) || (has(self.multus.networkName) && self.multus.networkName != '')",
     "CNI delegating plugin must have a networkName", NULL},
    {NULL, NULL, NULL},
};

static const struct field network_fields[] = {
    FIELD_STRING(network, name, "name", "Name of the network; an interface refers to it.", REQUIRED, MAX_LEN(63)),
    FIELD_POINTER(network, pod, network_pod, network_pod_type, "pod", "The pod's own network."),
    FIELD_POINTER(network, multus, network_multus, network_multus_type, "multus",
                  "A network beside the pod's, by Multus."),
    FIELD_KEPT("resourceClaim", "A network from a device claim."),
    FIELD_JSON(network, resource_claim, "resourceClaim", "A network from a device claim.", .shadow = true),
    KEPT_STRING("resourceClaim.claimName", "Resource claim of the guest."),
    KEPT_STRING("resourceClaim.requestName", "Request of that claim."),
    FIELD_STRING(
        network, network_name, "networkName",
        "A network of the converted machine's host, as virt-v2v names it; without a type it is read as pod: {}.",
        MAX_LEN(253)),
    FIELD_END,
};
const struct type network_type = TYPE(network, network_fields, .list_key = "name", .cel = network_rules);
