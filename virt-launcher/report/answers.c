// The verbs, and the last answers.
#include "report/answers.h"

struct kept {
    int64_t number;
    char *text;
};

struct answers {
    struct answers_facts facts;
    int64_t process;
    struct kept kept[LAUNCHER_ANSWERS_KEPT];
    size_t next; /* the oldest, whose place the next one takes */
};

static void
refuse(struct launcher_answer *answer, enum answer_code code, const char *message)
{
    answer->code = answer_code_name(code);
    answer->message = message;
}

/* Without the interfaces: they are in the state, and a guest has as many as it likes. */
static void
guest_os_info(const struct answers_facts *facts, struct agent_state *scratch, struct launcher_answer *answer)
{
    const struct agent_state *agent = *facts->agent;

    if (!agent) {
        refuse(answer, ANSWER_FAILED, "the guest agent is not connected");
        return;
    }
    *scratch = *agent;
    scratch->interfaces.n = 0;
    answer->agent = scratch;
}

static const struct verb {
    const char *name;
    void (*answer)(const struct answers_facts *facts, struct agent_state *scratch, struct launcher_answer *answer);
} verbs[] = {
    {LAUNCHER_VERB_GUESTOSINFO, guest_os_info},
};

static const struct verb *
find_verb(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (str_eq(verbs[i].name, name)) {
            return &verbs[i];
        }
    }
    return NULL;
}

/* Does it. The caller frees. */
static char *
answer_text(const struct answers *a, const struct launcher_request *r)
{
    const struct verb *verb = find_verb(r->verb);
    struct agent_state scratch;
    struct launcher_answer answer = {.number = r->number, .code = answer_code_name(ANSWER_OK)};

    if (verb) {
        verb->answer(&a->facts, &scratch, &answer);
    } else {
        refuse(&answer, ANSWER_UNKNOWN_VERB, "not known here");
    }
    char *text = launcher_msg_write(LAUNCHER_MSG_ANSWER, &launcher_answer_type, &answer);
    if (strlen(text) <= LAUNCHER_ANSWER_MAX) {
        return text;
    }
    free(text);
    answer.agent = NULL;
    refuse(&answer, ANSWER_FAILED, "the answer is larger than its limit");
    return launcher_msg_write(LAUNCHER_MSG_ANSWER, &launcher_answer_type, &answer);
}

struct answers *
answers_new(const struct answers_facts *facts, int64_t process)
{
    struct answers *a = XNEW(struct answers);

    a->facts = *facts;
    a->process = process;
    return a;
}

void
answers_free(struct answers *a)
{
    for (size_t i = 0; a && i < LAUNCHER_ANSWERS_KEPT; i++) {
        free(a->kept[i].text);
    }
    free(a);
}

char *
answers_hello(const struct answers *a)
{
    const struct launcher_hello hello = {.requests = LAUNCHER_REQUESTS_REVISION, .process = a->process};

    return launcher_msg_write(LAUNCHER_MSG_HELLO, &launcher_hello_type, &hello);
}

const char *
answers_take(struct answers *a, const struct launcher_request *r)
{
    for (size_t i = 0; i < LAUNCHER_ANSWERS_KEPT; i++) {
        if (a->kept[i].number == r->number) {
            return a->kept[i].text;
        }
    }
    struct kept *k = &a->kept[a->next];
    a->next = (a->next + 1) % LAUNCHER_ANSWERS_KEPT;
    free(k->text);
    *k = (struct kept){r->number, answer_text(a, r)};
    return k->text;
}
