// Services are only read: which ports of a guest are open follows from them.
#include "reconcile/service/service_kind.h"

#include "cache/arrows.h"
#include "reconcile/kept.h"

static const char *const paths[] = {KEPT_META, "spec.selector", "spec.ports", NULL};
static const char *const header_paths[] = {KEPT_META, NULL};

/* One pair of its selector: whoever is selected has it. */
static char *
service_subject(const struct object *object, const json_t *json)
{
    const char *key;
    const char *value;

    (void)object; /* the selector says all */
    return selector_pair(json, &key, &value) ? xasprintf("%s=%s", key, value) : NULL;
}

const struct kind service_kind = {
    .name = "service",
    .api_version = "v1",
    .kind = "Service",
    .path = "/api/v1",
    .resource = "services",
    .kept = {.paths = paths, .header_paths = header_paths},
    .room = ROOM_OTHERS,
    .tells_both = true, /* whom it selected before has to hear of the change too */
    .subject = service_subject,
};
