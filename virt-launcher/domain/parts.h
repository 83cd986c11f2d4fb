// The families of a domain's description. A family is one file under parts/: it reads its part of the spec and of the pod's facts,
// writes its elements, and says what of a change reaches a guest that runs. To add one: docs/hacking.md.
#ifndef VMB_PARTS_H
#define VMB_PARTS_H

#include "domain/domain_view.h"
#include "domain/xml_writer.h"

enum part_live {
    LIVE_NO,     /* with the next start of the guest */
    LIVE_PARTLY, /* 'about' says what */
};

struct part {
    const char *name;
    const char *elements; /* of libvirt's XML, in order */
    enum part_live live;
    bool is_device;    /* stands in <devices>; these come last in the table */
    const char *about; /* one sentence */

    /* Reads what the family alone knows, and puts into the view what others need of it. Families before it in the table have been asked,
     * those behind it have not. NULL: there is nothing to say. Errors: ERR_INVALID naming the field. */
    struct err *(*resolve)(struct domain_view *v);
    /* Appends the family's elements, none if the guest has no such thing. All families have been resolved. */
    void (*write)(const struct domain_view *v, struct xml *x);
};

/* In the order of the XML: ROW(x) is part_x in parts/x.c. */
#define DOMAIN_PARTS(ROW) \
    ROW(identity)         \
    ROW(memory)           \
    ROW(vcpu)             \
    ROW(io_threads)       \
    ROW(cpu_tune)         \
    ROW(firmware)         \
    ROW(features)         \
    ROW(cpu)              \
    ROW(clock)            \
    ROW(lifecycle)        \
    ROW(emulator)         \
    ROW(disk)             \
    ROW(input)            \
    ROW(host_device)      \
    ROW(controllers)      \
    ROW(nic)              \
    ROW(console)          \
    ROW(channel)          \
    ROW(graphics)         \
    ROW(sound)            \
    ROW(audio)            \
    ROW(video)            \
    ROW(tpm)              \
    ROW(watchdog)         \
    ROW(panic)            \
    ROW(balloon)          \
    ROW(rng)              \
    ROW(vsock)

#define DECLARE_PART(x) extern const struct part part_##x;
DOMAIN_PARTS(DECLARE_PART)
#undef DECLARE_PART

extern const struct part *const domain_parts[];
extern const size_t domain_parts_len;

#endif
