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

#define UUID_PATTERN "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})?$"

static const struct field firmware_fields[] = {
    FIELD_STRING(firmware, uuid, "uuid", "SMBIOS UUID of the machine.", PATTERN(UUID_PATTERN), MAX_LEN(36),
                 OTHERWISE("derived from namespace and name")),
    FIELD_STRING(firmware, serial, "serial", "SMBIOS serial number of the machine.", MAX_LEN(256)),
    FIELD_POINTER(firmware, bootloader, bootloader, bootloader_type, "bootloader", "How the guest boots.",
                  OTHERWISE("bios")),
    FIELD_KEPT("kernelBoot", "The guest boots a kernel from an image, without a boot loader."),
    KEPT_STRING("kernelBoot.kernelArgs", "Command line of the kernel."),
    KEPT_STRING("kernelBoot.container.image", "Image with kernel and initial RAM disk.", NEEDED),
    KEPT_STRING("kernelBoot.container.imagePullSecret", "Secret for the registry."),
    KEPT_STRING("kernelBoot.container.imagePullPolicy", "When the image is pulled."),
    KEPT_STRING("kernelBoot.container.kernelPath", "The kernel in the image."),
    KEPT_STRING("kernelBoot.container.initrdPath", "The initial RAM disk in the image."),
    FIELD_KEPT("acpi", "Tables that the guest's ACPI has beside its own."),
    KEPT_STRING("acpi.slicNameRef", "Volume with a SLIC table."),
    KEPT_STRING("acpi.msdmNameRef", "Volume with an MSDM table."),
    FIELD_END,
};
const struct type firmware_type = TYPE(firmware, firmware_fields);
