// Any bytes as the gateway's messages to a launcher, a line each: what is a request gets an answer that the gateway reads, of the same
// number, and the same one when that number comes again.
#include "fuzz.h"

#include "base/utf8.h"
#include "report/answers.h"
#include "report/words.h"

static void
check_answer(const char *text, int64_t number, struct arena *a)
{
    json_t *j = NULL;
    const char *type = NULL;
    struct launcher_answer answer = {0};
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, strlen(text), &j, &type);

    BUG_ON(e || !str_eq(type, LAUNCHER_MSG_ANSWER) || strlen(text) > LAUNCHER_ANSWER_MAX);
    AUTO(err_freep) struct err *e2 = api_decode(&launcher_answer_type, j, a, &answer);
    BUG_ON(e2 || answer.number != number || str_empty(answer.code));
    BUG_ON(answer.message && !utf8_is_clean(answer.message));
    json_decref(j);
}

static const char *
act(void *arg, int64_t number, enum answers_act what, int64_t seconds)
{
    const uint8_t *mood = arg;

    BUG_ON(seconds < 0 || what > ACT_UNFREEZE || number < 1);
    return *mood & 2 ? "no" : NULL;
}

static void
take(struct answers *answers, struct words *words, const char *line, size_t len)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    AUTO(json_freep) json_t *j = NULL;
    const char *type = NULL;
    struct launcher_request r = {0};
    AUTO(err_freep) struct err *e = launcher_msg_parse(line, len, &j, &type);
    AUTO(err_freep) struct err *e2 = e ? NULL : api_decode(&launcher_request_type, j, a, &r);

    if (e || e2) {
        return;
    }
    const char *text = answers_take(answers, &r);
    if (!text) { /* it is being done: asking again changes nothing, and its end comes once */
        BUG_ON(answers_take(answers, &r));
        text = answers_finish(answers, r.number, len % 2 ? NULL : line);
        BUG_ON(!text || answers_finish(answers, r.number, NULL));
    }
    AUTO(freep) char *first = xstrdup(text);
    check_answer(first, r.number, a);
    BUG_ON(!str_eq(first, answers_take(answers, &r)));
    words_add(words, STEAL(first));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct agent_interface nic = {.name = "eth0"};
    struct agent_state guest = {.connected = TRI_TRUE, .hostname = "h", .interfaces = {.items = &nic, .n = 1}};
    const struct agent_state *agent = size > 0 && data[0] & 1 ? &guest : NULL;
    uint8_t mood = size > 0 ? data[0] : 0;
    struct answers *answers = answers_new(&(struct answers_facts){.agent = &agent, .act = act, .arg = &mood}, 1);
    struct words words = {.n = 0};

    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t len = end ? (size_t)(end - data) : size;

        take(answers, &words, (const char *)data, len);
        len += end != NULL;
        data += len;
        size -= len;
    }
    BUG_ON(words.n > WORDS_MAX);
    for (char *text = words_take(&words); text; text = words_take(&words)) {
        free(text);
    }
    answers_free(answers);
    return 0;
}
