// Writes crds/*.yaml (the definitions and policies) and pages of docs/ from the field tables; hack/gen-crds runs it.
// Deterministic: the same tables give the same bytes, and a test compares them with what is committed.

#include <errno.h>
#include <stdio.h>

#include "api/gen/admission_page.h"
#include "api/gen/definition.h"
#include "api/gen/policies.h"
#include "api/gen/reference_page.h"
#include "api/gen/yaml_write.h"

enum { PAGE_MAX = 1 << 20 };

static bool
write_crd(const char *folder, const struct served_kind *k)
{
    AUTO(freep) char *path = xasprintf("%s/crds/%s.yaml", folder, k->plural);
    AUTO(json_freep) json_t *j = json_pack("[o]", definition(k));
    const json_t *versions = json_at(json_array_get(j, 0), "spec", "versions", NULL);
    AUTO(freep) char *compact = json_dumps(json_array_get(versions, 0), JSON_COMPACT);
    AUTO(fclosep) FILE *out = fopen(path, "we");

    if (!j || !compact || !out || !yaml_write(out, j) || fflush(out) != 0) {
        fprintf(stderr, "gen_crds: cannot write %s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    printf("%-40s %6ld bytes, one version as JSON %zu bytes\n", path, ftell(out), strlen(compact));
    return true;
}

static bool
write_policies(const char *folder)
{
    AUTO(freep) char *path = xasprintf("%s/crds/policies.yaml", folder);
    AUTO(json_freep) json_t *all = policies();
    AUTO(fclosep) FILE *out = fopen(path, "we");

    if (!out || !yaml_write(out, all) || fflush(out) != 0) {
        fprintf(stderr, "gen_crds: cannot write %s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    printf("%-40s %6ld bytes\n", path, ftell(out));
    return true;
}

static bool
write_page(const char *folder, const char *name, bool (*write)(struct strbuf *page))
{
    AUTO(freep) char *path = xasprintf("%s/docs/%s", folder, name);
    AUTO(strbuf_fini) struct strbuf page = STRBUF_INIT(PAGE_MAX);
    AUTO(fclosep) FILE *out = fopen(path, "we");

    if (!write(&page) || !out || fwrite(page.buf, 1, page.len, out) != page.len) {
        fprintf(stderr, "gen_crds: cannot write %s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    printf("%-40s %6zu bytes\n", path, page.len);
    return true;
}

int
main(int argc, char **argv)
{
    bool ok = argc == 2;

    if (!ok || strcmp(argv[1], "--help") == 0) {
        fputs("usage: gen_crds FOLDER\nWrites FOLDER/crds/*.yaml and FOLDER/docs/{api-reference,admission}.md.\n",
              ok ? stdout : stderr);
        return ok ? 0 : 1;
    }
    for (size_t i = 0; i < SERVED_KINDS; i++) {
        ok = write_crd(argv[1], &served_kinds[i]) && ok;
    }
    ok = write_policies(argv[1]) && ok;
    ok = write_page(argv[1], "api-reference.md", reference_page) && ok;
    return write_page(argv[1], "admission.md", admission_page) && ok ? 0 : 1;
}
