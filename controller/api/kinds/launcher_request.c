// The tables of requests and answers.
#include "api/kinds/launcher_request.h"

#include "api/walk/table.h"

static const struct enum_value answer_codes[] = {
    {"ok", ANSWER_OK}, {"unknownVerb", ANSWER_UNKNOWN_VERB}, {"invalid", ANSWER_INVALID}, {"failed", ANSWER_FAILED},
    {NULL, 0},
};

static const struct field launcher_hello_fields[] = {
    FIELD_INT(launcher_hello, version, "version", "Version of the message.", REQUIRED),
    FIELD_INT(launcher_hello, requests, "requests", "Revision of the requests that are understood.", REQUIRED,
              RANGE(1, 1000)),
    FIELD_INT(launcher_hello, process, "process", "Another one in each process.", REQUIRED,
              RANGE(1, LAUNCHER_NUMBER_MAX)),
    FIELD_END,
};
const struct type launcher_hello_type = TYPE(launcher_hello, launcher_hello_fields);

static const struct field launcher_request_fields[] = {
    FIELD_INT(launcher_request, version, "version", "Version of the message.", REQUIRED),
    FIELD_INT(launcher_request, number, "number", "Of the request, the same when it is sent again.", REQUIRED,
              RANGE(1, LAUNCHER_NUMBER_MAX)),
    FIELD_STRING(launcher_request, verb, "verb", "What is asked for.", REQUIRED, MAX_LEN(64)),
    FIELD_INT(launcher_request, within_ms, "withinMilliseconds", "Nobody waits for the answer after that.", REQUIRED,
              RANGE(1, LAUNCHER_WITHIN_MAX_MS)),
    FIELD_MAP(launcher_request, arguments, "arguments", "Of the verb.", MAX_LEN(4096)),
    FIELD_END,
};
const struct type launcher_request_type = TYPE(launcher_request, launcher_request_fields);

static const struct field launcher_answer_fields[] = {
    FIELD_INT(launcher_answer, version, "version", "Version of the message.", REQUIRED),
    FIELD_INT(launcher_answer, number, "number", "Of the request.", REQUIRED, RANGE(1, LAUNCHER_NUMBER_MAX)),
    FIELD_STRING(launcher_answer, code, "code", "Whether it was done, in one word.", REQUIRED, MAX_LEN(64)),
    FIELD_STRING(launcher_answer, message, "message", "Why not, for people.", MAX_LEN(LAUNCHER_MESSAGE_MAX)),
    FIELD_POINTER(launcher_answer, agent, agent_state, agent_state_type, "agent", "What the guest agent says."),
    FIELD_END,
};
const struct type launcher_answer_type = TYPE(launcher_answer, launcher_answer_fields);

const char *
answer_code_name(enum answer_code code)
{
    return enum_name(answer_codes, code);
}

enum answer_code
answer_code_of(const char *name)
{
    int code = ANSWER_FAILED;

    (void)enum_find(answer_codes, name, &code); /* else it stays */
    return code;
}
