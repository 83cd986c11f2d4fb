// Streams to the guest's devices: for each the device's socket is opened and the replica that waits for it is dialled; then bytes go from
// one to the other as fast as both take them. Loop thread only.
#ifndef VMB_STREAMS_H
#define VMB_STREAMS_H

#include "api/kinds/launcher_request.h"
#include "streams/streams_options.h"

struct streams;

/* Strings of the options are borrowed. Costs next to nothing until the first stream. */
MUST_CHECK struct streams *streams_new(const struct streams_options *options);

/* For answers_facts.stream; 'arg' is the streams. A new stream of a kind ends the old one, unless it is to be preserved. */
enum answer_code streams_open(void *arg, const struct launcher_request *r, const char **ret_why);

size_t streams_count(const struct streams *all);

#endif
