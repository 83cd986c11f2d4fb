// File names under LAUNCHER_RUN_DIR that monitor and manager share. No other header: the monitor knows libc alone.
#ifndef VMB_RUN_NAMES_H
#define VMB_RUN_NAMES_H

#define RUN_DIR "/var/run/vmbridge/run" /* LAUNCHER_RUN_DIR of api/kinds/instance.h; main.c checks that they agree */
#define RUN_UP "qemu-is-up"             /* QEMU exists */
#define RUN_READY "guest-is-ready"      /* the guest runs and is not paused */
#define RUN_GRACE "grace"               /* seconds between the request to shut down and switching off */
#define RUN_PIDS "libvirt/qemu/run"     /* libvirt's <domain>.pid */

#endif
