// JSON as YAML. Part of gen_crds.
#ifndef VMB_YAML_WRITE_H
#define VMB_YAML_WRITE_H

#include <stdio.h>

#include "base/json.h"

/* A document for each item of 'documents'. */
MUST_CHECK bool yaml_write(FILE *out, const json_t *documents);

#endif
