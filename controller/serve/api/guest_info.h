// Forms of KubeVirt's: what the guest agent says as GuestAgentInfo, and durations as Go writes them. Pure.
#ifndef VMB_GUEST_INFO_H
#define VMB_GUEST_INFO_H

#include "api/kinds/launcher_msg.h"

/* The caller owns it. */
MUST_CHECK json_t *guest_info(const struct agent_state *agent);

/* "1h5m0s", "90s", or a number of nanoseconds; rounded up to seconds. False: it is none, or longer than some years. */
bool guest_info_duration_s(const json_t *value, int64_t *ret_seconds);

#endif
