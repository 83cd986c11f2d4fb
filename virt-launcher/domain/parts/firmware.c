// Machine type and firmware: BIOS, or UEFI with its variables in a file.
#include "domain/parts.h"
#include "domain/paths.h"

#define EFI_CODE "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define EFI_CODE_SECURE "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
#define EFI_VARS "/usr/share/OVMF/OVMF_VARS_4M.fd"
#define EFI_VARS_SECURE "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"

static struct err *
resolve_firmware(struct domain_view *v)
{
    const struct bootloader *b = v->instance->spec.domain.firmware.bootloader;

    v->is_efi = b && b->efi;
    v->is_secure_boot = v->is_efi && b->efi->secure_boot != TRI_FALSE;
    return NULL;
}

static void
write_efi(const struct domain_view *v, const struct efi *efi, struct xml *x)
{
    const char *dir = efi->persistent == TRI_TRUE ? v->facts.state_dir : v->facts.run_dir;

    xml_open(x, "loader");
    xml_attr(x, "readonly", "yes");
    xml_attr(x, "secure", v->is_secure_boot ? "yes" : "no");
    xml_attr(x, "type", "pflash");
    xml_text(x, v->is_secure_boot ? EFI_CODE_SECURE : EFI_CODE);
    xml_close(x);
    xml_open(x, "nvram");
    xml_attr(x, "template", v->is_secure_boot ? EFI_VARS_SECURE : EFI_VARS);
    xml_text(x, arena_printf(v->arena, "%s/" DOMAIN_NVRAM, dir));
    xml_close(x);
}

static void
write_kernel(const struct domain_view *v, struct xml *x)
{
    const struct kernel_boot *k = v->instance->spec.domain.firmware.kernel_boot;

    if (k && v->facts.kernel) {
        xml_leaf(x, "kernel", v->facts.kernel);
        xml_leaf(x, "initrd", v->facts.initrd);
        xml_leaf(x, "cmdline", str_empty(k->kernel_args) ? NULL : k->kernel_args);
    }
}

static void
write_table(struct xml *x, const char *type, const char *path)
{
    if (path) {
        xml_open(x, "table");
        xml_attr(x, "type", type);
        xml_text(x, path);
        xml_close(x);
    }
}

static void
write_tables(const struct domain_view *v, struct xml *x)
{
    if (v->facts.slic || v->facts.msdm) {
        xml_open(x, "acpi");
        write_table(x, "slic", v->facts.slic);
        write_table(x, "msdm", v->facts.msdm);
        xml_close(x);
    }
}

static void
write_firmware(const struct domain_view *v, struct xml *x)
{
    const struct instance *i = v->instance;
    const struct bootloader *b = i->spec.domain.firmware.bootloader;

    xml_open(x, "os");
    xml_open(x, "type");
    xml_attr(x, "arch", "x86_64");
    xml_attr(x, "machine", str_empty(i->machine_type) ? "q35" : i->machine_type);
    xml_text(x, "hvm");
    xml_close(x);
    if (b && b->efi) {
        write_efi(v, b->efi, x);
    }
    if (b && b->bios && b->bios->use_serial == TRI_TRUE) {
        xml_empty(x, "bios", "useserial", "yes", NULL);
    }
    write_kernel(v, x);
    write_tables(v, x);
    xml_empty(x, "smbios", "mode", "sysinfo", NULL);
    if (i->spec.start_strategy == START_PAUSED) {
        xml_empty(x, "bootmenu", "enable", "yes", "timeout", "10000", NULL);
    }
    xml_close(x);
}

const struct part part_firmware = {
    .name = "firmware",
    .elements = "os",
    .about =
        "Machine type, BIOS or UEFI with its variables, a kernel, tables of ACPI, a boot menu for who starts paused.",
    .resolve = resolve_firmware,
    .write = write_firmware,
};
