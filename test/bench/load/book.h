// What is known of the machines: which objects exist now, and when each step of a life was first seen. No I/O.
#ifndef VMB_LOAD_BOOK_H
#define VMB_LOAD_BOOK_H

#include <uthash.h>

#include "base/err.h"

enum kind { KIND_VM, KIND_VMI, KIND_POD, N_KINDS };

enum { BOOK_UID_SIZE = 40, BOOK_VERSION_SIZE = 24, BOOK_NAME_SIZE = 254, BOOK_KEY_SIZE = 320 };

/* When something was first seen, milliseconds since 1970; only of machines that we made. */
enum stamp {
    STAMP_CREATED, /* our POST was sent */
    STAMP_ACKED,   /* and answered */
    STAMP_VMI,
    STAMP_POD,
    STAMP_POD_RUNNING,
    STAMP_VMI_RUNNING,
    STAMP_READY,
    N_STAMPS,
};

/* What 'wait' counts. */
enum count { COUNT_VM, COUNT_READY, COUNT_VMI, COUNT_VMI_RUNNING, COUNT_POD, COUNT_POD_RUNNING, COUNT_GONE, N_COUNTS };

/* One object as a watch showed it. */
struct sight {
    enum kind kind;
    char namespace[64];
    char name[BOOK_NAME_SIZE];
    char machine[BOOK_NAME_SIZE]; /* name of the VM it belongs to */
    char uid[BOOK_UID_SIZE];
    char version[BOOK_VERSION_SIZE];
    int64_t generation;
    bool is_good; /* the VM is Ready, the VMI or pod Running */
    bool is_deleted;
    char vmi_uid[BOOK_UID_SIZE]; /* pods only, as the next two */
    char account[64];
    char ip[48];
};

struct machine {
    char *key; /* "namespace/name" */
    int64_t at[N_STAMPS];
    unsigned n[N_KINDS]; /* objects that exist now */
    bool is_gone;        /* had some, has none */
    UT_hash_handle hh;
};

struct thing {
    char *key; /* "pod/namespace/name" */
    enum kind kind;
    char uid[BOOK_UID_SIZE];
    char version[BOOK_VERSION_SIZE];
    int64_t generation;
    bool is_good;
    unsigned round; /* of the list that last held it */
    struct machine *machine;
    char vmi_uid[BOOK_UID_SIZE];
    char *account;
    char *ip;
    UT_hash_handle hh;
};

struct book {
    struct machine *machines; /* table; in order of their making */
    struct thing *things;
    unsigned round[N_KINDS];
    size_t counts[N_COUNTS];
    void (*changed)(void *arg);                           /* a count may have changed */
    void (*pod_gone)(void *arg, const struct thing *pod); /* before it is forgotten */
    void *arg;
};

void book_fini(struct book *b);

/* We are about to make that machine: its times begin anew. */
struct machine *book_expect(struct book *b, const char *namespace, const char *name, int64_t now_ms);
struct machine *book_machine(const struct book *b, const char *namespace, const char *name);

/* A full list of that kind begins and ends: what it did not hold is gone. */
void book_list_begins(struct book *b, enum kind kind);
void book_list_ends(struct book *b, enum kind kind);
void book_see(struct book *b, const struct sight *s, int64_t now_ms);

/* One line of JSON per machine, or per object. Errors: ERR_RETRY when the file cannot be written. */
MUST_CHECK struct err *book_write_times(const struct book *b, const char *path, size_t *ret_n);
MUST_CHECK struct err *book_write_versions(const struct book *b, const char *path, size_t *ret_n);

#endif
