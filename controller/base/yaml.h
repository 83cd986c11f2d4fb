// YAML to jansson trees, by libyaml: kubeconfig files and the cases under test/golden.
#ifndef VMB_YAML_H
#define VMB_YAML_H

#include "json.h"

/* Parses the documents of a YAML stream into a JSON array with one element each (YAML 1.2 core schema: plain scalars become
 * null, bool, int or real; quoted ones strings; anchors and aliases are refused). At most 'max_bytes', nesting at most 64.
 * The caller owns the tree. Errors: ERR_INVALID with the line. */
MUST_CHECK struct err *yaml_parse(const char *text, size_t len, size_t max_bytes, json_t **ret_documents);

#endif
