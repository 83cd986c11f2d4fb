// Where everything lies inside the pod (api/kinds/instance.h), or under another root for tests and by hand. Pure: names only.
#ifndef VMB_PATHS_H
#define VMB_PATHS_H

#include "base/arena.h"

/* Sockets and files under a folder of the pod. */
#define DOMAIN_SERIAL_SOCKET "serial.sock"
#define DOMAIN_CONSOLE_LOG "console.log"
#define DOMAIN_VNC_SOCKET "vnc.sock"
#define DOMAIN_AGENT_SOCKET "agent.sock"
#define DOMAIN_NVRAM "nvram.fd" /* or in the claim of state, which outlives the pod */
#define DOMAIN_TPM "tpm"        /* in the claim of state; else libvirt keeps it in the pod */
#define DOMAIN_PASST_DIR "passt"
#define DOMAIN_PASST_SOCKET "passt.conf"

/* Strings are the arena's. */
struct paths {
    const char *instance;      /* the annotation, mounted */
    const char *kept_instance; /* as the first manager read it */
    const char *gateway_pins;  /* whom to trust */
    const char *token;
    const char *run;         /* libvirt's home, sockets, ISO images; lives as long as the pod */
    const char *data;        /* overlays and empty disks */
    const char *tmp;         /* TMPDIR */
    const char *state;       /* what outlives the pod: NVRAM, what a TPM holds */
    const char *disks;       /* DIR/<volume>: mounted images and claims */
    const char *kernel;      /* the mounted image of a kernel */
    const char *block;       /* DIR/<volume>: block devices */
    const char *secrets;     /* DIR/<volume>/{user,network} */
    const char *credentials; /* DIR/<place in accessCredentials>: its Secret */
    const char *files;       /* DIR/<volume>: what disks are made of */
    const char *conf;        /* libvirt's configuration, as libvirt looks for it */
    const char *cache;       /* libvirt's cache */
    const char *libvirt_socket;
    const char *libvirt_uri; /* of the daemon at that socket */
    const char *libvirtd_log;
    const char *capabilities;       /* of libvirt's cache */
    const char *baked_capabilities; /* of the image */
    const char *passt_dir;
    const char *passt_socket; /* where pesto speaks to passt */
    const char *console_log;
    const char *console_mark; /* how much of it is on stdout */
    /* Small files by which a manager knows what another one did, and the probes know the guest. */
    const char *started_mark; /* the one start of this pod was tried */
    const char *ended_mark;   /* how the guest ended: exit code, and the termination message */
    const char *grace_mark;   /* seconds, for the monitor */
    const char *up_mark;      /* QEMU exists */
    const char *ready_mark;   /* the guest runs and is not paused */
    const char *termination;  /* what Kubernetes shows of the end */
};

/* 'root' "" is the pod itself. */
void paths_make(struct arena *a, const char *root, struct paths *ret_paths);

#endif
