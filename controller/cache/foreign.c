// Two tables: pods by key, and by subject how many there are.
#include "cache/foreign.h"

#include <uthash.h>
#include <utlist.h>

struct subject {
    char *uid;
    size_t n;
    uint64_t version;
    struct pod *pods;
    UT_hash_handle hh;
};

struct pod {
    char *key;
    struct subject *subject;
    uint64_t mark;
    struct pod *prev;
    struct pod *next;
    UT_hash_handle hh;
};

struct foreign {
    struct pod *pods;
    struct subject *subjects;
    uint64_t mark;
    uint64_t n_changes;
};

static struct pod *pod_find(const struct foreign *f, const char *key);
static struct subject *subject_find(const struct foreign *f, const char *uid);
static struct subject *subject_make(struct foreign *f, const char *uid);
static void pod_drop(struct foreign *f, struct pod *p);

struct foreign *
foreign_new(void)
{
    return XNEW(struct foreign);
}

void
foreign_free(struct foreign *f)
{
    struct pod *p;
    struct pod *tmp;

    if (!f) {
        return;
    }
    HASH_ITER(hh, f->pods, p, tmp) {
        pod_drop(f, p);
    }
    free(f);
}

bool
foreign_put(struct foreign *f, const char *pod_key, const char *subject)
{
    struct pod *p = pod_find(f, pod_key);
    struct subject *s = subject_find(f, subject);

    if (p && p->subject == s) {
        p->mark = f->mark;
        return false;
    }
    if (p) {
        pod_drop(f, p);
        s = subject_find(f, subject);
    }
    if (HASH_COUNT(f->pods) >= FOREIGN_MAX || (s && s->n >= FOREIGN_EACH_MAX)) {
        return false;
    }
    s = s ? s : subject_make(f, subject);
    p = XNEW(struct pod);
    p->key = xstrdup(pod_key);
    p->subject = s;
    p->mark = f->mark;
    s->n++;
    s->version = ++f->n_changes;
    DL_APPEND(s->pods, p);
    HASH_ADD_KEYPTR(hh, f->pods, p->key, strlen(p->key), p);
    return true;
}

char *
foreign_remove(struct foreign *f, const char *pod_key)
{
    struct pod *p = pod_find(f, pod_key);

    if (!p) {
        return NULL;
    }
    char *subject = xstrdup(p->subject->uid);
    pod_drop(f, p);
    return subject;
}

void
foreign_mark(struct foreign *f)
{
    f->mark++;
}

void
foreign_sweep(struct foreign *f, void (*gone)(void *arg, const char *pod_key, const char *subject), void *arg)
{
    struct pod *p;
    struct pod *tmp;

    HASH_ITER(hh, f->pods, p, tmp) {
        if (p->mark != f->mark) {
            AUTO(freep) char *key = xstrdup(p->key);
            AUTO(freep) char *subject = xstrdup(p->subject->uid);
            pod_drop(f, p);
            gone(arg, key, subject);
        }
    }
}

struct foreign_told
foreign_about(const struct foreign *f, const char *subject)
{
    const struct subject *s = subject_find(f, subject);

    if (!s) {
        return (struct foreign_told){0};
    }
    return (struct foreign_told){.n = s->n, .name = strchr(s->pods->key, '/') + 1, .version = s->version};
}

size_t
foreign_count(const struct foreign *f)
{
    return HASH_COUNT(f->pods);
}

static struct pod *
pod_find(const struct foreign *f, const char *key)
{
    struct pod *p = NULL;

    HASH_FIND_STR(f->pods, key, p);
    return p;
}

static struct subject *
subject_find(const struct foreign *f, const char *uid)
{
    struct subject *s = NULL;

    HASH_FIND_STR(f->subjects, uid, s);
    return s;
}

static struct subject *
subject_make(struct foreign *f, const char *uid)
{
    struct subject *s = XNEW(struct subject);

    s->uid = xstrdup(uid);
    HASH_ADD_KEYPTR(hh, f->subjects, s->uid, strlen(s->uid), s);
    return s;
}

static void
pod_drop(struct foreign *f, struct pod *p)
{
    struct subject *s = p->subject;

    HASH_DEL(f->pods, p);
    DL_DELETE(s->pods, p);
    s->n--;
    s->version = ++f->n_changes;
    if (s->n == 0) {
        HASH_DEL(f->subjects, s);
        free(s->uid);
        free(s);
    }
    free(p->key);
    free(p);
}
