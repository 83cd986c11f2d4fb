// The table of subresources, and the paths.
#include "serve/api/route.h"

#include "cache/legal.h"

enum { PATH_BYTES = 1024, SEGMENTS_MAX = 12 };

#define VM "virtualmachines"
#define VMI "virtualmachineinstances"
#define NO_MIGRATION "live migration is not built yet: stop the machine, and start it where it should run"
#define NO_HOTPLUG \
    "volumes cannot be added or removed while the guest runs yet: change spec.template.spec and restart the machine"
#define NO_DUMP "memory dumps are not built yet"
#define NO_BACKUP "backups by changed blocks are not built yet"
#define NO_SEV "the machine is not one of confidential computing: launchSecurity is not supported"
#define NO_STREAM "this stream is not served yet; console, vnc and portforward are"
#define NO_LIST "lists of the guest's users and file systems are not served yet; guestosinfo is"
#define NO_EXPANSION "expanded machines are not served yet: there are no instance types, the spec is what runs"
#define NO_GRAPH "graphs of objects are not served yet"
#define NO_SHOT "pictures of the screen are not served yet"

const struct verb_row verb_rows[] = {
    {VM, "start", "PUT", VERB_ID_START, "Starts the machine.", 0, NULL},
    {VM, "stop", "PUT", VERB_ID_STOP, "Stops the machine.", 0, NULL},
    {VM, "restart", "PUT", VERB_ID_RESTART, "Stops the machine and starts it again.", 0, NULL},
    {VM, "expand-spec", "GET", VERB_ID_ABSENT, "The machine with everything that it leaves to others.", 501,
     NO_EXPANSION},
    {VM, "objectgraph", "GET", VERB_ID_ABSENT, "The objects that the machine is made of.", 501, NO_GRAPH},
    {VM, "migrate", "PUT", VERB_ID_ABSENT, "Moves the guest to another node.", 409, NO_MIGRATION},
    {VM, "addvolume", "PUT", VERB_ID_ABSENT, "Plugs a volume in.", 400, NO_HOTPLUG},
    {VM, "removevolume", "PUT", VERB_ID_ABSENT, "Unplugs a volume.", 400, NO_HOTPLUG},
    {VM, "memorydump", "PUT", VERB_ID_ABSENT, "Writes the guest's memory to a claim.", 400, NO_DUMP},
    {VM, "removememorydump", "PUT", VERB_ID_ABSENT, "Forgets a memory dump.", 400, NO_DUMP},
    {VM, "evacuate/cancel", "PUT", VERB_ID_ABSENT, "Calls an evacuation off.", 409, NO_MIGRATION},
    {VM, "portforward", "GET", VERB_ID_PORTFORWARD, "A connection to a TCP port of the guest, as a WebSocket.", 0, NULL},
    {VMI, "pause", "PUT", VERB_ID_PAUSE, "Pauses the guest.", 0, NULL},
    {VMI, "unpause", "PUT", VERB_ID_UNPAUSE, "Lets a paused guest run on.", 0, NULL},
    {VMI, "softreboot", "PUT", VERB_ID_SOFTREBOOT, "Asks the guest to reboot.", 0, NULL},
    {VMI, "reset", "PUT", VERB_ID_RESET, "Resets the guest, as its reset button would.", 0, NULL},
    {VMI, "freeze", "PUT", VERB_ID_FREEZE, "Has the guest's agent freeze its file systems.", 0, NULL},
    {VMI, "unfreeze", "PUT", VERB_ID_UNFREEZE, "Has the guest's agent thaw its file systems.", 0, NULL},
    {VMI, "guestosinfo", "GET", VERB_ID_GUESTOSINFO, "What the guest's agent says of the guest.", 0, NULL},
    {VMI, "userlist", "GET", VERB_ID_ABSENT, "Who is logged in to the guest.", 501, NO_LIST},
    {VMI, "filesystemlist", "GET", VERB_ID_ABSENT, "The guest's file systems.", 501, NO_LIST},
    {VMI, "objectgraph", "GET", VERB_ID_ABSENT, "The objects that the instance is made of.", 501, NO_GRAPH},
    {VMI, "addvolume", "PUT", VERB_ID_ABSENT, "Plugs a volume in.", 400, NO_HOTPLUG},
    {VMI, "removevolume", "PUT", VERB_ID_ABSENT, "Unplugs a volume.", 400, NO_HOTPLUG},
    {VMI, "backup", "PUT", VERB_ID_ABSENT, "Begins a backup.", 400, NO_BACKUP},
    {VMI, "redefine-checkpoint", "PUT", VERB_ID_ABSENT, "Names a checkpoint anew.", 400, NO_BACKUP},
    {VMI, "evacuate/cancel", "PUT", VERB_ID_ABSENT, "Calls an evacuation off.", 409, NO_MIGRATION},
    {VMI, "sev/fetchcertchain", "GET", VERB_ID_ABSENT, "Certificates of the platform.", 400, NO_SEV},
    {VMI, "sev/querylaunchmeasurement", "GET", VERB_ID_ABSENT, "The launch measurement.", 400, NO_SEV},
    {VMI, "sev/setupsession", "PUT", VERB_ID_ABSENT, "Sets a session up.", 400, NO_SEV},
    {VMI, "sev/injectlaunchsecret", "PUT", VERB_ID_ABSENT, "Injects a secret.", 400, NO_SEV},
    {VMI, "console", "GET", VERB_ID_CONSOLE, "The serial console, as a WebSocket.", 0, NULL},
    {VMI, "dial", "PUT", VERB_ID_DIAL, "Has the launcher dial a replica that waits for a stream.", 0, NULL},
    {VMI, "vnc/screenshot", "GET", VERB_ID_ABSENT, "A picture of the screen.", 501, NO_SHOT},
    {VMI, "vnc", "GET", VERB_ID_VNC, "The screen by VNC, as a WebSocket.", 0, NULL},
    {VMI, "usbredir", "GET", VERB_ID_ABSENT, "A USB device from afar.", 501, NO_STREAM},
    {VMI, "portforward", "GET", VERB_ID_PORTFORWARD, "A connection to a TCP port of the guest, as a WebSocket.", 0, NULL},
    {VMI, "vsock", "GET", VERB_ID_ABSENT, "A connection by vsock.", 501, NO_STREAM},
    {"", "expand-vm-spec", "PUT", VERB_ID_ABSENT, "The machine in the body, expanded.", 501, NO_EXPANSION},
};
const size_t n_verb_rows = ARRAY_LEN(verb_rows);

static const struct {
    const char *path;
    enum route_kind kind;
    const char *version;
} pages[] = {
    {"/apis", ROUTE_GROUPS, ""},
    {"/apis/subresources.kubevirt.io", ROUTE_GROUP, ""},
    {"/apis/subresources.kubevirt.io/v1", ROUTE_RESOURCES, "v1"},
    {"/apis/subresources.kubevirt.io/v1alpha3", ROUTE_RESOURCES, "v1alpha3"},
    {"/apis/subresources.kubevirt.io/v1/version", ROUTE_VERSION, "v1"},
    {"/apis/subresources.kubevirt.io/v1alpha3/version", ROUTE_VERSION, "v1alpha3"},
    {"/apis/subresources.kubevirt.io/v1/guestfs", ROUTE_GUESTFS, "v1"},
    {"/apis/subresources.kubevirt.io/v1alpha3/guestfs", ROUTE_GUESTFS, "v1alpha3"},
    {"/apis/subresources.kubevirt.io/v1/healthz", ROUTE_HEALTHZ, "v1"},
    {"/apis/subresources.kubevirt.io/v1alpha3/healthz", ROUTE_HEALTHZ, "v1alpha3"},
    {"/openapi/v2", ROUTE_OPENAPI_V2, ""},
    {"/openapi/v3", ROUTE_OPENAPI_V3, ""},
    {"/openapi/v3/apis/subresources.kubevirt.io/v1", ROUTE_OPENAPI_V3_GROUP, "v1"},
    {"/openapi/v3/apis/subresources.kubevirt.io/v1alpha3", ROUTE_OPENAPI_V3_GROUP, "v1alpha3"},
    {"/healthz", ROUTE_HEALTHZ, ""},
    {"/version", ROUTE_VERSION, ""},
};

/* A name of dots alone would be another path. */
static bool
is_name(const char *text)
{
    return legal_name(text) && text[0] != '.' && text[0] != '-' && text[strlen(text) - 1] != '.';
}

static bool
put(char *to, const char *text)
{
    return snprintf(to, ROUTE_TEXT_SIZE, "%s", text) < ROUTE_TEXT_SIZE;
}

static bool
is_page(const char *method, const char *path, struct route *r)
{
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        if (str_eq(pages[i].path, path)) {
            r->kind = str_eq(method, "GET") || str_eq(method, "HEAD") ? pages[i].kind : ROUTE_UNKNOWN;
            return put(r->version, pages[i].version);
        }
    }
    return false;
}

/* Cuts 'path' at its slashes; 0: too many, or one is empty. */
static size_t
split(char *path, char *ret_segments[SEGMENTS_MAX])
{
    size_t n = 0;

    for (char *p = path; p;) {
        char *end = strchr(p, '/');
        if (end) {
            *end = '\0';
        }
        if (!*p || n == SEGMENTS_MAX) {
            return 0;
        }
        ret_segments[n++] = p;
        p = end ? end + 1 : NULL;
    }
    return n;
}

/* "evacuate/cancel" of the segments from there on; 'ret_used' of them. */
static bool
names_verb(const char *verb, char *const *segments, size_t n, size_t *ret_used)
{
    const char *rest = verb;
    size_t used = 0;

    while (rest && used < n) {
        const char *end = strchr(rest, '/');
        size_t len = end ? (size_t)(end - rest) : strlen(rest);
        if (strlen(segments[used]) != len || strncmp(rest, segments[used], len) != 0) {
            return false;
        }
        used++;
        rest = end ? end + 1 : NULL;
    }
    *ret_used = used;
    return !rest;
}

/* Only port-forwarding has something behind its verb: a port, and the protocol. */
static bool
take_rest(struct route *r, const struct verb_row *row, char *const *segments, size_t n)
{
    if (!str_eq(row->name, "portforward")) {
        return n == 0;
    }
    return n >= 1 && n <= 2 &&
           snprintf(r->rest, sizeof(r->rest), "%s/%s", segments[0], n == 2 ? segments[1] : "tcp") < (int)sizeof(r->rest);
}

static void
find_verb(const char *method, struct route *r, const char *resource, char *const *segments, size_t n)
{
    for (size_t i = 0; i < n_verb_rows; i++) {
        const struct verb_row *row = &verb_rows[i];
        size_t used = 0;
        if (!str_eq(row->resource, resource) || !names_verb(row->name, segments, n, &used) ||
            !take_rest(r, row, segments + used, n - used)) {
            continue;
        }
        r->row = row;
        r->kind = str_eq(row->method, method) ? ROUTE_VERB : ROUTE_BAD_METHOD;
        return;
    }
}

/* "apis" GROUP VERSION "namespaces" NAMESPACE [RESOURCE NAME] VERB... */
static void
find_in_namespace(const char *method, char *const *s, size_t n, struct route *r)
{
    enum { APIS, GROUP, VERSION, NAMESPACES, NAMESPACE, RESOURCE, NAME, VERB };

    if (n < NAME || !str_eq(s[APIS], "apis") || !str_eq(s[GROUP], "subresources.kubevirt.io") ||
        (!str_eq(s[VERSION], "v1") && !str_eq(s[VERSION], "v1alpha3")) || !str_eq(s[NAMESPACES], "namespaces") ||
        !legal_namespace(s[NAMESPACE]) || !put(r->version, s[VERSION]) || !put(r->namespace, s[NAMESPACE])) {
        return;
    }
    if (n == NAME) {
        find_verb(method, r, "", s + RESOURCE, 1);
    } else if (n > VERB && is_name(s[NAME]) && put(r->name, s[NAME])) {
        find_verb(method, r, s[RESOURCE], s + VERB, n - VERB);
    }
}

void
route_find(const char *method, const char *path, struct route *ret_route)
{
    struct route r = {.kind = ROUTE_UNKNOWN};
    char copy[PATH_BYTES];
    char *segments[SEGMENTS_MAX];

    if (!is_page(method, path, &r) && path[0] == '/' &&
        snprintf(copy, sizeof(copy), "%s", path + 1) < (int)sizeof(copy)) {
        size_t n = split(copy, segments);
        if (n > 0) {
            find_in_namespace(method, segments, n, &r);
        }
    }
    *ret_route = r;
}
