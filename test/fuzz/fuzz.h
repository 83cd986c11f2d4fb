// What a fuzz target is: one function over bytes. libFuzzer calls it (-Dfuzz=true), or replay.c with each file of the corpus.
#ifndef VMB_FUZZ_H
#define VMB_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0; a finding aborts. 'data' may be NULL when 'size' is 0. */
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer calls it so
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
