// Randomness for jitter. The boundary asks for it; pure code gets it as a parameter.
#ifndef VMB_RANDOM_H
#define VMB_RANDOM_H

#include "base.h"

/* Never blocks; 0 when the kernel has no randomness yet, which only costs the jitter. Not for keys: OpenSSL makes those. */
uint32_t random_u32(void);

#endif
