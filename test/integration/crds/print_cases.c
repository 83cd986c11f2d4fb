// Prints the rows of rules.yaml and fields.yaml as objects, one JSON object, for test_crds.py.
#include "cases.h"

int
main(int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "--help") == 0) {
        fputs("usage: print_cases FOLDER\nPrints the rows of FOLDER/rules.yaml and FOLDER/fields.yaml as JSON: {rules, "
              "fields}.\n",
              stderr);
        return argc == 2 ? 0 : 1;
    }
    AUTO(json_freep)
    json_t *all = json_pack("{s:o, s:o}", "rules", cases_load(argv[1]), "fields", fields_load(argv[1]));
    return json_dumpf(all, stdout, JSON_COMPACT) == 0 ? 0 : 1;
}
