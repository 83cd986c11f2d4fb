// A pattern is its text, cut at the places.
#include "pattern.h"

#include "base/strbuf.h"

enum { TEXT_MAX_BYTES = 1 << 20, PIECES_MAX = 256 };

static const struct {
    const char *mark;
    enum slot slot;
} marks[] = {
    {"\"{{integer}}\"", SLOT_VALUE}, {"{{name}}", SLOT_NAME},       {"{{namespace}}", SLOT_NAMESPACE},
    {"{{number}}", SLOT_NUMBER},     {"{{value}}", SLOT_VALUE},     {"{{vm-uid}}", SLOT_VM_UID},
    {"{{vmi-uid}}", SLOT_VMI_UID},   {"{{pod-uid}}", SLOT_POD_UID},
};

struct piece {
    size_t at; /* of the text before the place */
    size_t len;
    enum slot slot; /* N_SLOTS: the end */
};

struct pattern {
    char *text;
    struct piece pieces[PIECES_MAX];
    size_t n;
};

/* Length of the mark at 's', 0 when there is none. */
static size_t
mark_at(const char *s, enum slot *ret_slot)
{
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (str_starts(s, marks[i].mark)) {
            *ret_slot = marks[i].slot;
            return strlen(marks[i].mark);
        }
    }
    return 0;
}

struct pattern *
pattern_new(const char *text)
{
    struct pattern *p = XNEW(struct pattern);
    size_t begin = 0;
    size_t at = 0;

    p->text = xstrdup(text);
    while (p->text[at] && p->n < PIECES_MAX - 1) {
        enum slot slot = N_SLOTS;
        size_t len = mark_at(p->text + at, &slot);
        if (len == 0) {
            at++;
            continue;
        }
        p->pieces[p->n++] = (struct piece){begin, at - begin, slot};
        at += len;
        begin = at;
    }
    p->pieces[p->n++] = (struct piece){begin, strlen(p->text + begin), N_SLOTS};
    return p;
}

void
pattern_free(struct pattern *p)
{
    if (p) {
        free(p->text);
        free(p);
    }
}

bool
pattern_has(const struct pattern *p, enum slot slot)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->pieces[i].slot == slot) {
            return true;
        }
    }
    return false;
}

char *
pattern_fill(const struct pattern *p, const char *const values[N_SLOTS])
{
    struct strbuf sb = STRBUF_INIT(TEXT_MAX_BYTES);

    for (size_t i = 0; i < p->n; i++) {
        const struct piece *piece = &p->pieces[i];
        (void)strbuf_add(&sb, p->text + piece->at, piece->len);
        if (piece->slot != N_SLOTS && values[piece->slot]) {
            (void)strbuf_adds(&sb, values[piece->slot]);
        }
    }
    BUG_ON(sb.over); /* a command is smaller by far */
    return strbuf_steal(&sb);
}
