// The rows of test/golden/api/rules.yaml and fields.yaml as VirtualMachines: for the unit test of validation and for the API server.
#ifndef VMB_CASES_H
#define VMB_CASES_H

#include "base/json.h"

/* Array of { name, rule, ok, later, again, server, ours, vm }, two for each row: bad, then good. The caller owns it; ends the
 * process with a message when the file is wrong. 'folder' holds rules.yaml. */
json_t *cases_load(const char *folder);

/* Array of { name, path, class, asks, vm }, one for each row of fields.yaml that has a verdict to be checked or a class alone; 'vm' is the
 * base object of rules.yaml with the row's value in it. */
json_t *fields_load(const char *folder);

#endif
