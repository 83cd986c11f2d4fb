// The table of the families.
#include "domain/parts.h"

#define TABLE_ROW(x) &part_##x,
const struct part *const domain_parts[] = {DOMAIN_PARTS(TABLE_ROW)};
#undef TABLE_ROW

const size_t domain_parts_len = ARRAY_LEN(domain_parts);
