// One name after the other.
#include "domain/paths.h"

#include "api/kinds/instance.h"
#include "run_names.h"

_Static_assert(sizeof(RUN_DIR) == sizeof(LAUNCHER_RUN_DIR) && __builtin_strcmp(RUN_DIR, LAUNCHER_RUN_DIR) == 0,
               "monitor and manager look in different folders");

void
paths_make(struct arena *a, const char *root, struct paths *ret_paths)
{
    const char *run = arena_printf(a, "%s" LAUNCHER_RUN_DIR, root);

    *ret_paths = (struct paths){
        .instance = arena_printf(a, "%s" LAUNCHER_INFO_DIR "/instance.json", root),
        .kept_instance = arena_printf(a, "%s/instance.json", run),
        .gateway_pins = arena_printf(a, "%s" LAUNCHER_INFO_DIR "/gateway-pins", root),
        .token = arena_printf(a, "%s" LAUNCHER_INFO_DIR "/token", root),
        .run = run,
        .data = arena_printf(a, "%s" LAUNCHER_DATA_DIR, root),
        .tmp = arena_printf(a, "%s" LAUNCHER_TMP_DIR, root),
        .state = arena_printf(a, "%s" LAUNCHER_STATE_DIR, root),
        .disks = arena_printf(a, "%s" LAUNCHER_DISK_DIR, root),
        .kernel = arena_printf(a, "%s" LAUNCHER_KERNEL_DIR, root),
        .block = arena_printf(a, "%s" LAUNCHER_BLOCK_DIR, root),
        .secrets = arena_printf(a, "%s" LAUNCHER_SECRET_DIR, root),
        .credentials = arena_printf(a, "%s" LAUNCHER_CREDENTIALS_DIR, root),
        .files = arena_printf(a, "%s" LAUNCHER_FILES_DIR, root),
        .conf = arena_printf(a, "%s/conf", run),
        .cache = arena_printf(a, "%s/cache", run),
        .libvirt_socket = arena_printf(a, "%s/libvirt/libvirt-sock", run),
        .libvirt_uri = arena_printf(a, "qemu+unix:///session?socket=%s/libvirt/libvirt-sock", run),
        .libvirtd_log = arena_printf(a, "%s/libvirtd.log", run),
        .capabilities = arena_printf(a, "%s/cache/libvirt/qemu/cache/capabilities", run),
        .baked_capabilities = "/usr/share/vmbridge/capabilities",
        .passt_dir = arena_printf(a, "%s/" DOMAIN_PASST_DIR, run),
        .passt_socket = arena_printf(a, "%s/" DOMAIN_PASST_SOCKET, run),
        .console_log = arena_printf(a, "%s/" DOMAIN_CONSOLE_LOG, run),
        .console_mark = arena_printf(a, "%s/console.mark", run),
        .started_mark = arena_printf(a, "%s/started", run),
        .ended_mark = arena_printf(a, "%s/ended", run),
        .grace_mark = arena_printf(a, "%s/" RUN_GRACE, run),
        .up_mark = arena_printf(a, "%s/" RUN_UP, run),
        .ready_mark = arena_printf(a, "%s/" RUN_READY, run),
        .termination = arena_printf(a, "%s/dev/termination-log", root),
    };
}
