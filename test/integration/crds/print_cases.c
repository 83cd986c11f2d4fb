// Prints the rows of rules.yaml as objects, one JSON array, for test_crds.py.
#include "cases.h"

int
main(int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "--help") == 0) {
        fputs("usage: print_cases FOLDER\nPrints the rows of FOLDER/rules.yaml as objects, one JSON array.\n", stderr);
        return argc == 2 ? 0 : 1;
    }
    AUTO(json_freep) json_t *cases = cases_load(argv[1]);
    return json_dumpf(cases, stdout, JSON_COMPACT) == 0 ? 0 : 1;
}
