// Verbs by number.
#include "serve/api/verbs.h"

#include "serve/api/dial_verb.h"
#include "serve/api/instance_verbs.h"
#include "serve/api/power.h"
#include "serve/api/streams.h"

static const char *
reason_of(unsigned code)
{
    switch (code) {
    case 409:
        return "Conflict";
    case 501:
        return "NotImplemented";
    default:
        return "BadRequest";
    }
}

void
verbs_run(struct job *j)
{
    const struct verb_row *row = j->route.row;

    switch (row->id) {
    case VERB_ID_START:
    case VERB_ID_STOP:
    case VERB_ID_RESTART:
        power_run(j);
        return;
    case VERB_ID_PAUSE:
    case VERB_ID_UNPAUSE:
    case VERB_ID_SOFTREBOOT:
    case VERB_ID_RESET:
    case VERB_ID_FREEZE:
    case VERB_ID_UNFREEZE:
    case VERB_ID_GUESTOSINFO:
        instance_verbs_run(j);
        return;
    case VERB_ID_CONSOLE:
    case VERB_ID_VNC:
    case VERB_ID_PORTFORWARD:
        streams_run(j);
        return;
    case VERB_ID_DIAL:
        dial_verb_run(j);
        return;
    case VERB_ID_ABSENT:
    case VERB_ID_NONE:
        break;
    }
    if (row->refusal == 409) {
        job_conflict(j, row->absent);
    } else {
        job_refuse(j, row->refusal, reason_of(row->refusal), "%s", row->absent);
    }
}

const char *
verbs_resource(const struct route *r)
{
    return *r->row->resource ? r->row->resource : r->row->name;
}
