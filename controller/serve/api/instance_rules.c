// One question each, in the order in which they are asked; the first that holds refuses.
#include "serve/api/instance_rules.h"

#define BIT(verb) (1U << (unsigned)(verb))
#define ALL (~0U)
#define AGENTS (BIT(VERB_ID_GUESTOSINFO) | BIT(VERB_ID_FREEZE) | BIT(VERB_ID_UNFREEZE))
#define STREAMS (BIT(VERB_ID_CONSOLE) | BIT(VERB_ID_VNC) | BIT(VERB_ID_PORTFORWARD))

static bool
has_condition(const json_t *vmi, const char *type)
{
    const json_t *c = json_find(json_at(vmi, "status", "conditions", NULL), "type", type);

    return str_eq(json_str(c, "status"), "True");
}

static bool
is_off(const json_t *vmi)
{
    return !str_eq(json_str(json_object_get(vmi, "status"), "phase"), "Running");
}

static bool
is_going(const json_t *vmi)
{
    return json_str(json_object_get(vmi, "metadata"), "deletionTimestamp");
}

static bool
is_paused(const json_t *vmi)
{
    return has_condition(vmi, "Paused");
}

static bool
is_not_paused(const json_t *vmi)
{
    return !is_paused(vmi);
}

/* The kubelet would end a guest that stands still. The agent's probe is the launcher's own. */
static bool
has_probe(const json_t *vmi)
{
    const json_t *probe = json_at(vmi, "spec", "livenessProbe", NULL);

    return probe && !json_object_get(probe, "guestAgentPing");
}

static bool
has_no_agent(const json_t *vmi)
{
    return !has_condition(vmi, "AgentConnected");
}

static bool
cannot_hear(const json_t *vmi)
{
    const json_t *acpi = json_at(vmi, "spec", "domain", "features", "acpi", NULL);

    return has_no_agent(vmi) && acpi && !json_bool(acpi, "enabled", true);
}

static bool
has_failed(const json_t *vmi)
{
    return str_eq(json_str(json_object_get(vmi, "status"), "phase"), "Failed");
}

static bool
has_no(const json_t *vmi, const char *device)
{
    return !json_bool(json_at(vmi, "spec", "domain", "devices", NULL), device, true);
}

static bool
has_no_console(const json_t *vmi)
{
    return has_no(vmi, "autoattachSerialConsole");
}

static bool
has_no_screen(const json_t *vmi)
{
    return has_no(vmi, "autoattachGraphicsDevice");
}

static const struct {
    unsigned verbs;
    bool (*holds)(const json_t *vmi);
    unsigned code;
    const char *why;
} rules[] = {
    {BIT(VERB_ID_CONSOLE), has_no_console, 400, "No serial consoles are present."},
    {BIT(VERB_ID_VNC), has_no_screen, 400, "No graphics devices are present."},
    {STREAMS, has_failed, 409, "VMI is in failed status"},
    {ALL, is_off, 409, "VMI is not running"},
    {ALL & ~(AGENTS | STREAMS), is_going, 409, "VMI is being stopped"},
    {BIT(VERB_ID_PAUSE), has_probe, 403, "Pausing VMIs with LivenessProbe is currently not supported"},
    {BIT(VERB_ID_PAUSE), is_paused, 409, "VMI is already paused"},
    {BIT(VERB_ID_UNPAUSE), is_not_paused, 409, "VMI is not paused"},
    {BIT(VERB_ID_SOFTREBOOT), is_paused, 409, "VMI is paused"},
    {BIT(VERB_ID_SOFTREBOOT), cannot_hear, 409, "VMI neither have the agent connected nor the ACPI feature enabled"},
    {AGENTS, has_no_agent, 409, "VMI does not have guest agent connected"},
    {BIT(VERB_ID_FREEZE) | BIT(VERB_ID_UNFREEZE), is_paused, 409, "VMI is paused"},
};

unsigned
instance_refusal(enum verb_id verb, const json_t *vmi, const char **ret_why)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (rules[i].verbs & BIT(verb) && rules[i].holds(vmi)) {
            *ret_why = rules[i].why;
            return rules[i].code;
        }
    }
    return 0;
}
