// Whether a verb may be done to an instance as it is (contract 2.10). Pure.
#ifndef VMB_INSTANCE_RULES_H
#define VMB_INSTANCE_RULES_H

#include "base/json.h"
#include "serve/api/route.h"

/* 0, or the code of the refusal and the sentence for it, a constant. */
unsigned instance_refusal(enum verb_id verb, const json_t *vmi, const char **ret_why);

#endif
