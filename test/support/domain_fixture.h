// An instance and the facts of its pod out of YAML: what a golden case of the domain begins with.
#ifndef VMB_DOMAIN_FIXTURE_H
#define VMB_DOMAIN_FIXTURE_H

#include "domain/domain_resolve.h"
#include "domain/domain_xml.h"
#include "domain/host_resource.h"
#include "domain/parts/disk.h"
#include "domain/parts/nic_view.h"

enum { DOMAIN_FILE_MAX = 1024 * 1024, FIXTURE_CPUS_MAX = 64 };

enum { FIXTURE_RESOURCES_MAX = 8, FIXTURE_TAPS_MAX = 32 };

struct domain_fixture {
    struct arena *arena;
    struct instance instance;
    struct domain_facts facts;
    struct disk_facts disks[DOMAIN_DISKS_MAX];
    struct node_cpu cpus[FIXTURE_CPUS_MAX];
    struct host_resource resources[FIXTURE_RESOURCES_MAX];
    struct tap_facts taps[FIXTURE_TAPS_MAX];
};

/* The text of a file, "" when there is none. The caller frees. */
char *domain_slurp(const char *dir, const char *name);
/* Of the documents of an in.yaml, which it takes: the instance, and what is otherwise than usual in its pod. 'name' is for failures. */
void domain_fixture_init(struct domain_fixture *x, json_t *docs, const char *name);
/* The same of DIR/in.yaml. */
void domain_load(const char *dir, struct domain_fixture *x);
/* The XML of it. */
struct err *domain_text(struct domain_fixture *x, struct strbuf *xml);

#endif
