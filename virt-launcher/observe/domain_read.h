// What libvirt says of the guest, in our words. Calls block: worker threads only.
#ifndef VMB_DOMAIN_READ_H
#define VMB_DOMAIN_READ_H

#include <libvirt/libvirt.h>

#include "api/kinds/launcher_msg.h"
#include "domain/domain_view.h"
#include "domain/parts/disk.h"

struct domain_seen {
    enum domain_state state;
    const char *reason; /* static: user, io-error, shutdown, destroyed, crashed, unknown; NULL while it runs */
    int64_t memory_bytes;
    char machine[64]; /* versioned, "" when unknown */
    bool has_agent;
    struct disk_trouble troubles[DOMAIN_DISKS_MAX]; /* while it is paused with io-error */
    size_t n_troubles;
};

/* The text of libvirt's last error in this thread, as an error of ours: ERR_INVALID when the description is at fault. */
MUST_CHECK struct err *libvirt_error(const char *what);

/* Reads a domain; one that libvirt does not know any more is DOMAIN_ABSENT. Errors: ERR_RETRY. */
MUST_CHECK struct err *domain_read(virDomainPtr dom, struct domain_seen *ret_seen);

/* State and reason of a libvirt pair, as virDomainGetState gives them. 'ret_reason' is static. */
enum domain_state domain_state_of(int state, int reason, const char **ret_reason);

/* Machine and agent from libvirt's description of a running domain. */
void domain_read_xml(const char *xml, struct domain_seen *seen);

/* How QEMU ended by the last line that libvirt wrote into its log ("2026-11-27 23:44:01.123+0000: shutting down, reason=crashed"); NULL when
 * it wrote none. What QEMU itself prints there is no such line. Static. */
const char *domain_end_in_log(const char *log_text, size_t len);
/* What QEMU itself printed there last, warnings left out: a line without its end, in the log's text. NULL: nothing. */
const char *domain_words_in_log(const char *log_text, size_t len, size_t *ret_len);

#endif
