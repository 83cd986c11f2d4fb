// Disks at which a read or write failed.
#ifndef VMB_GUEST_TROUBLES_H
#define VMB_GUEST_TROUBLES_H

#include "guest/guest_state.h"

/* True when the guest is paused for lack of room and for nothing else; 'ret_has_room' says whether each disk has some now. */
bool guest_is_full(const struct guest *g, bool *ret_has_room);
void guest_log_troubles(const struct guest *g);

#endif
