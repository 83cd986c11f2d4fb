// What of a guest's serial console others must know. Pure.
#ifndef VMB_PART_CONSOLE_H
#define VMB_PART_CONSOLE_H

#include "api/kinds/instance.h"

/* What the guest prints is kept in a file, which the launcher follows. */
bool console_is_logged(const struct instance *i);

#endif
