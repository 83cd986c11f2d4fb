// Tables of firmware and boot loader.
#include "api/kinds/tables.h"

static const struct field efi_fields[] = {
    FIELD_BOOL(efi, secure_boot, "secureBoot", "Only signed code boots; needs features.smm.",
               OTHERWISE("true; false beside persistent: true without SMM")),
    FIELD_BOOL(efi, persistent, "persistent", "NVRAM outlives the guest's runs."),
    FIELD_END,
};
static const struct type efi_type = TYPE(efi, efi_fields);

static const struct field bios_fields[] = {
    FIELD_BOOL(bios, use_serial, "useSerial", "BIOS messages go to the serial console."),
    FIELD_END,
};
static const struct type bios_type = TYPE(bios, bios_fields);

static const struct cel_rule bootloader_rules[] = {
    {"!(has(self.efi) && has(self.bios))",
     "bootloader has both EFI and BIOS configured, but they are mutually exclusive.", NULL},
    {NULL, NULL, NULL},
};
static const struct field bootloader_fields[] = {
    FIELD_POINTER(bootloader, bios, bios, bios_type, "bios", "The guest boots by BIOS.",
                  OTHERWISE("used when efi is absent")),
    FIELD_POINTER(bootloader, efi, efi, efi_type, "efi", "The guest boots by UEFI."),
    FIELD_END,
};
static const struct type bootloader_type = TYPE(bootloader, bootloader_fields, .cel = bootloader_rules);

static const struct cel_rule kernel_container_rules[] = {
    {"has(self.image) && self.image != ''", "container must be defined with an image", NULL},
    {"(has(self.kernelPath) && self.kernelPath != '') || (has(self.initrdPath) && self.initrdPath != '')",
     "container must be defined with at least one of the following: kernelPath, initrdPath", NULL},
    {NULL, NULL, NULL},
};
static const struct field kernel_container_fields[] = {
    FIELD_STRING(kernel_container, image, "image", "Image with kernel and initial RAM disk.", NEEDED, MAX_LEN(1024)),
    FIELD_STRING(kernel_container, image_pull_secret, "imagePullSecret", "Secret for the registry.", MAX_LEN(253)),
    FIELD_ENUM(kernel_container, image_pull_policy, pull_policy, pull_policy_names, "imagePullPolicy",
               "When the image is pulled.", OTHERWISE("Always for the tag latest, else IfNotPresent")),
    FIELD_STRING(kernel_container, kernel_path, "kernelPath", "The kernel in the image.", MAX_LEN(1024)),
    FIELD_STRING(kernel_container, initrd_path, "initrdPath", "The initial RAM disk in the image; needs kernelPath.",
                 MAX_LEN(1024)),
    FIELD_END,
};
static const struct type kernel_container_type =
    TYPE(kernel_container, kernel_container_fields, .cel = kernel_container_rules);

static const struct cel_rule kernel_boot_rules[] = {
    {"!has(self.kernelArgs) || self.kernelArgs == '' || has(self.container)",
     "kernel arguments cannot be provided without an external kernel", NULL},
    {NULL, NULL, NULL},
};
static const struct field kernel_boot_fields[] = {
    FIELD_STRING(kernel_boot, kernel_args, "kernelArgs", "Command line of the kernel.", MAX_LEN(4096)),
    FIELD_POINTER(kernel_boot, container, kernel_container, kernel_container_type, "container",
                  "Where the kernel comes from."),
    FIELD_END,
};
static const struct type kernel_boot_type = TYPE(kernel_boot, kernel_boot_fields, .cel = kernel_boot_rules);

static const struct cel_rule acpi_rules[] = {
    {"(has(self.slicNameRef) && self.slicNameRef != '') || (has(self.msdmNameRef) && self.msdmNameRef != '')",
     "ACPI was set but no SLIC nor MSDM volume reference was set", NULL},
    {NULL, NULL, NULL},
};
static const struct field acpi_fields[] = {
    FIELD_STRING(acpi_tables, slic, "slicNameRef", "Volume of a Secret with a SLIC table under " ACPI_SLIC_KEY ".",
                 MAX_LEN(253)),
    FIELD_STRING(acpi_tables, msdm, "msdmNameRef", "Volume of a Secret with an MSDM table under " ACPI_MSDM_KEY ".",
                 MAX_LEN(253)),
    FIELD_END,
};
static const struct type acpi_type = TYPE(acpi_tables, acpi_fields, .cel = acpi_rules);

#define UUID_PATTERN "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})?$"

static const struct field firmware_fields[] = {
    FIELD_STRING(firmware, uuid, "uuid", "SMBIOS UUID of the machine.", PATTERN(UUID_PATTERN), MAX_LEN(36),
                 OTHERWISE("derived from namespace and name")),
    FIELD_STRING(firmware, serial, "serial", "SMBIOS serial number of the machine.", MAX_LEN(256)),
    FIELD_POINTER(firmware, bootloader, bootloader, bootloader_type, "bootloader", "How the guest boots.",
                  OTHERWISE("bios")),
    FIELD_POINTER(firmware, kernel_boot, kernel_boot, kernel_boot_type, "kernelBoot",
                  "The guest boots a kernel from an image, without a boot loader."),
    FIELD_POINTER(firmware, acpi, acpi_tables, acpi_type, "acpi",
                  "Tables that the guest's ACPI has beside its own: by them Windows knows its licence."),
    FIELD_END,
};
const struct type firmware_type = TYPE(firmware, firmware_fields);
