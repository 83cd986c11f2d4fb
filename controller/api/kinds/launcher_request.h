// Requests to a launcher, and their answers: what is asked for once, beside the whole state that launcher_msg.h speaks of. A request
// may arrive twice, and an answer too: the number tells. All memory is the arena's.
#ifndef VMB_LAUNCHER_REQUEST_H
#define VMB_LAUNCHER_REQUEST_H

#include "api/kinds/launcher_msg.h"

enum {
    LAUNCHER_REQUESTS_REVISION = 1,
    LAUNCHER_REQUESTS_MAX = 8,               /* may wait for one launcher's answers */
    LAUNCHER_ANSWERS_KEPT = 32,              /* a launcher knows its last answers, so many of them, by number */
    LAUNCHER_REQUEST_MAX = 16 * 1024,        /* bytes of a text */
    LAUNCHER_ANSWER_MAX = 16 * 1024,         /* the same upwards */
    LAUNCHER_MESSAGE_MAX = 1024,             /* bytes of an answer's message */
    LAUNCHER_SESSION_DIGITS = 32,            /* 128 bits by chance */
    LAUNCHER_WITHIN_MAX_MS = 10 * 60 * 1000, /* that a request may wait */
};

/* Numbers are from 1 to this, which any reader of JSON keeps whole. */
#define LAUNCHER_NUMBER_MAX (1LL << 53)

/* Up, before anything else on a connection: requests are understood here. A launcher that begins with its state understands none. */
struct launcher_hello {
    int64_t version;
    int64_t requests; /* LAUNCHER_REQUESTS_REVISION of the launcher */
    int64_t process;  /* another one in each process: what an older one did is not known */
};

/* Down. */
struct launcher_request {
    int64_t version;
    int64_t number; /* another one for each request, also of another controller; the same when it is sent again */
    const char *verb;
    int64_t within_ms; /* nobody waits for the answer after that */
    struct str_map arguments;
};

enum answer_code {
    ANSWER_OK,
    ANSWER_UNKNOWN_VERB, /* not known here */
    ANSWER_INVALID,      /* the arguments are */
    ANSWER_FAILED,
};

/* Up. What was asked for is in the member of its verb. */
struct launcher_answer {
    int64_t version;
    int64_t number;
    const char *code;          /* name of an answer_code; answer_code_of */
    const char *message;       /* for people, when it is not ok */
    struct agent_state *agent; /* guestosinfo */
};

extern const struct type launcher_hello_type;
extern const struct type launcher_request_type;
extern const struct type launcher_answer_type;

#define LAUNCHER_MSG_HELLO "hello"
#define LAUNCHER_MSG_REQUEST "request"
#define LAUNCHER_MSG_ANSWER "answer"

/* Who and what the guest is, as its agent says; no arguments. */
#define LAUNCHER_VERB_GUESTOSINFO "guestosinfo"

/* What is done to the guest; none has an answer beside its code. */
#define LAUNCHER_VERB_PAUSE "pause"
#define LAUNCHER_VERB_UNPAUSE "unpause"
#define LAUNCHER_VERB_SOFTREBOOT \
    "softreboot" /* the guest is asked to, by its agent where that is connected, else by ACPI */
#define LAUNCHER_VERB_RESET "reset"
#define LAUNCHER_VERB_FREEZE "freeze" /* its file systems, by the agent */
#define LAUNCHER_VERB_UNFREEZE "unfreeze"
/* Of freeze: they thaw by themselves after so many seconds; "0" or none: never. */
#define LAUNCHER_ARGUMENT_SECONDS "seconds"

/* A stream: the launcher opens its end of it, then dials 'address' at LAUNCHER_STREAM_PATH and the number of the session, with its token
 * as ever. What comes there are the bytes, in binary messages whose borders mean nothing. The answer comes before the stream. */
#define LAUNCHER_VERB_STREAM "stream"
#define LAUNCHER_ARGUMENT_SESSION "session"   /* LAUNCHER_SESSION_DIGITS hexadecimal digits, good for one dial */
#define LAUNCHER_ARGUMENT_ADDRESS "address"   /* host:port of the replica that waits for it */
#define LAUNCHER_ARGUMENT_KIND "kind"         /* LAUNCHER_STREAM_... */
#define LAUNCHER_ARGUMENT_PRESERVE "preserve" /* "true": one of that kind that is open stays, and this one is refused */
#define LAUNCHER_STREAM_CONSOLE "console"
#define LAUNCHER_STREAM_VNC "vnc"
#define LAUNCHER_STREAM_PORT \
    "port/" /* and a number from 1 to 65535: the guest's TCP port, one of those that are let in */
#define LAUNCHER_STREAM_PATH "/v1/stream/"
#define LAUNCHER_STREAM_PROTOCOL "vmbridge-stream-v1"
/* The message of an answer that failed for 'preserve'. */
#define LAUNCHER_STREAM_HELD "Active VNC connection. Request denied."

const char *answer_code_name(enum answer_code code);
/* A code of a newer launcher has failed. */
enum answer_code answer_code_of(const char *name);

#endif
