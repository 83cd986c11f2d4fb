// The verbs, and the last answers.
#include "report/answers.h"

#include "base/utf8.h"

struct kept {
    int64_t number;
    char *text; /* NULL: it is still being done */
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

/* The stream itself comes on a connection of its own. */
static void
open_stream(const struct answers_facts *facts, const struct launcher_request *r, struct launcher_answer *answer)
{
    const char *why = "not known here";
    enum answer_code code = facts->stream ? facts->stream(facts->arg, r, &why) : ANSWER_UNKNOWN_VERB;

    refuse(answer, code, why);
}

/* One that says something, or one that does something. */
static const struct verb {
    const char *name;
    void (*answer)(const struct answers_facts *facts, struct agent_state *scratch, struct launcher_answer *answer);
    enum answers_act act;
} verbs[] = {
    {LAUNCHER_VERB_GUESTOSINFO, guest_os_info, ACT_PAUSE},
    {LAUNCHER_VERB_PAUSE, NULL, ACT_PAUSE},
    {LAUNCHER_VERB_UNPAUSE, NULL, ACT_UNPAUSE},
    {LAUNCHER_VERB_SOFTREBOOT, NULL, ACT_REBOOT},
    {LAUNCHER_VERB_RESET, NULL, ACT_RESET},
    {LAUNCHER_VERB_FREEZE, NULL, ACT_FREEZE},
    {LAUNCHER_VERB_UNFREEZE, NULL, ACT_UNFREEZE},
    {LAUNCHER_VERB_STREAM, NULL, ACT_PAUSE},
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

/* False, and the answer says so: it is no number of seconds. */
static bool
read_seconds(const struct launcher_request *r, int64_t *ret_seconds, struct launcher_answer *answer)
{
    enum { SECONDS_MAX = 24 * 3600, DIGITS_MAX = 5 };
    int64_t seconds = 0;

    for (size_t i = 0; i < r->arguments.n; i++) {
        const char *text = r->arguments.items[i].value;
        bool is_it = str_eq(r->arguments.items[i].key, LAUNCHER_ARGUMENT_SECONDS);
        if (is_it && (str_empty(text) || strlen(text) > DIGITS_MAX || strspn(text, "0123456789") != strlen(text))) {
            refuse(answer, ANSWER_INVALID, "seconds: not a whole number of them");
            return false;
        }
        seconds = is_it ? strtoll(text, NULL, 10) : seconds;
    }
    *ret_seconds = seconds < SECONDS_MAX ? seconds : SECONDS_MAX;
    return true;
}

/* True: it was begun, and the answer comes later. */
static bool
begin_act(const struct answers *a, const struct verb *verb, const struct launcher_request *r,
          struct launcher_answer *answer)
{
    int64_t seconds = 0;

    if (!a->facts.act) {
        refuse(answer, ANSWER_UNKNOWN_VERB, "not known here");
        return false;
    }
    if (!read_seconds(r, &seconds, answer)) {
        return false;
    }
    const char *why = a->facts.act(a->facts.arg, r->number, verb->act, seconds);
    if (why) {
        refuse(answer, ANSWER_FAILED, why);
    }
    return !why;
}

/* Does it. The caller frees; NULL: the answer comes later. */
static char *
answer_text(const struct answers *a, const struct launcher_request *r)
{
    const struct verb *verb = find_verb(r->verb);
    struct agent_state scratch;
    struct launcher_answer answer = {.number = r->number, .code = answer_code_name(ANSWER_OK)};

    if (!verb) {
        refuse(&answer, ANSWER_UNKNOWN_VERB, "not known here");
    } else if (str_eq(verb->name, LAUNCHER_VERB_STREAM)) {
        open_stream(&a->facts, r, &answer);
    } else if (verb->answer) {
        verb->answer(&a->facts, &scratch, &answer);
    } else if (begin_act(a, verb, r, &answer)) {
        return NULL;
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

const char *
answers_finish(struct answers *a, int64_t number, const char *why)
{
    struct launcher_answer answer = {.number = number, .code = answer_code_name(ANSWER_OK)};
    AUTO(freep) char *message = why ? xstrndup(why, utf8_cut(why, LAUNCHER_MESSAGE_MAX)) : NULL;

    if (why) {
        utf8_clean(message);
        refuse(&answer, ANSWER_FAILED, message);
    }
    for (size_t i = 0; i < LAUNCHER_ANSWERS_KEPT; i++) {
        if (a->kept[i].number == number && !a->kept[i].text) {
            a->kept[i].text = launcher_msg_write(LAUNCHER_MSG_ANSWER, &launcher_answer_type, &answer);
            return a->kept[i].text;
        }
    }
    return NULL;
}
