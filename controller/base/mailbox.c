// A mutex, a list, and uv_async to wake the loop.
#include "mailbox.h"

#include <pthread.h>

struct mail {
    struct mail *next;
    void *msg;
};

struct mailbox {
    uv_async_t async;
    pthread_mutex_t lock;
    struct mail *head;
    struct mail **tail;
    bool closed;
    void (*deliver)(void *arg, void *msg);
    void (*drop)(void *msg);
    void *arg;
};

static void mailbox_wake(uv_async_t *async);
static void mailbox_closed(uv_handle_t *handle);
static struct mail *mailbox_take_all(struct mailbox *m);

struct err *
mailbox_new(uv_loop_t *loop, void (*deliver)(void *arg, void *msg), void (*drop)(void *msg), void *arg,
            struct mailbox **ret_mailbox)
{
    struct mailbox *m = XNEW(struct mailbox);
    int rc = uv_async_init(loop, &m->async, mailbox_wake);

    if (rc != 0) {
        free(m);
        return err_new(ERR_FATAL, "uv_async_init: %s", uv_strerror(rc));
    }
    BUG_ON(pthread_mutex_init(&m->lock, NULL) != 0);
    m->tail = &m->head;
    m->deliver = deliver;
    m->drop = drop;
    m->arg = arg;
    *ret_mailbox = m;
    return NULL;
}

void
mailbox_post(struct mailbox *m, void *msg)
{
    struct mail *mail = XNEW(struct mail);

    mail->msg = msg;
    BUG_ON(pthread_mutex_lock(&m->lock) != 0);
    bool closed = m->closed;
    if (!closed) {
        *m->tail = mail;
        m->tail = &mail->next;
        BUG_ON(uv_async_send(&m->async) != 0);
    }
    BUG_ON(pthread_mutex_unlock(&m->lock) != 0);
    if (closed) {
        m->drop(msg);
        free(mail);
    }
}

void
mailbox_close(struct mailbox *m)
{
    if (!m) {
        return;
    }
    BUG_ON(pthread_mutex_lock(&m->lock) != 0);
    m->closed = true;
    BUG_ON(pthread_mutex_unlock(&m->lock) != 0);
    uv_close((uv_handle_t *)&m->async, mailbox_closed);
}

static void
mailbox_wake(uv_async_t *async)
{
    struct mailbox *m = CONTAINER_OF(async, struct mailbox, async);
    struct mail *mail = mailbox_take_all(m);

    while (mail) {
        struct mail *next = mail->next;
        if (m->closed) {
            m->drop(mail->msg);
        } else {
            m->deliver(m->arg, mail->msg);
        }
        free(mail);
        mail = next;
    }
}

static void
mailbox_closed(uv_handle_t *handle)
{
    struct mailbox *m = CONTAINER_OF(handle, struct mailbox, async);
    struct mail *mail = mailbox_take_all(m);

    while (mail) {
        struct mail *next = mail->next;
        m->drop(mail->msg);
        free(mail);
        mail = next;
    }
    (void)pthread_mutex_destroy(&m->lock);
    free(m);
}

static struct mail *
mailbox_take_all(struct mailbox *m)
{
    BUG_ON(pthread_mutex_lock(&m->lock) != 0);
    struct mail *mail = m->head;
    m->head = NULL;
    m->tail = &m->head;
    BUG_ON(pthread_mutex_unlock(&m->lock) != 0);
    return mail;
}
