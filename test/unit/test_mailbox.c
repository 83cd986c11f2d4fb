// Messages from other threads reach the loop, in the order of each thread, once, or are dropped once.
#include "base/mailbox.h"

#include <check.h>
#include <pthread.h>

enum { THREADS = 4, MESSAGES = 5000 };

struct letter {
    int thread;
    int number;
};

struct box {
    uv_loop_t loop;
    struct mailbox *mailbox;
    int next[THREADS]; /* number that must come next from each thread */
    int n_delivered;
    int n_wrong;
    int close_at; /* delivered so many: close; 0: at the end */
};

struct writer {
    struct box *box;
    int thread;
    pthread_t id;
};

static int n_dropped; /* drop has no argument of ours; loop thread only while threads are joined */

static void
deliver(void *arg, void *msg)
{
    struct box *b = arg;
    AUTO(freep) struct letter *l = msg;

    b->n_wrong += l->number != b->next[l->thread] ? 1 : 0;
    b->next[l->thread] = l->number + 1;
    b->n_delivered++;
    if (b->n_delivered == b->close_at || b->n_delivered == THREADS * MESSAGES) {
        mailbox_close(b->mailbox);
    }
}

static void
drop(void *msg)
{
    __atomic_fetch_add(&n_dropped, 1, __ATOMIC_RELAXED);
    free(msg);
}

static void *
write_letters(void *arg)
{
    const struct writer *w = arg;

    for (int i = 0; i < MESSAGES; i++) {
        struct letter *l = XNEW(struct letter);
        l->thread = w->thread;
        l->number = i;
        mailbox_post(w->box->mailbox, l);
    }
    return NULL;
}

START_TEST(letters_of_four_threads_come_in_order)
{
    struct box b = {0};
    struct writer writers[THREADS] = {0};

    ck_assert_int_eq(uv_loop_init(&b.loop), 0);
    struct err *e = mailbox_new(&b.loop, deliver, drop, &b, &b.mailbox);
    ck_assert(!e);
    for (int i = 0; i < THREADS; i++) {
        writers[i].box = &b;
        writers[i].thread = i;
        ck_assert_int_eq(pthread_create(&writers[i].id, NULL, write_letters, &writers[i]), 0);
    }
    (void)uv_run(&b.loop, UV_RUN_DEFAULT); /* ends when deliver() closed the mailbox */
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(writers[i].id, NULL), 0);
    }
    ck_assert_int_eq(b.n_wrong, 0);
    ck_assert_int_eq(b.n_delivered, THREADS * MESSAGES);
    ck_assert_int_eq(uv_loop_close(&b.loop), 0);
}
END_TEST

START_TEST(what_is_left_at_the_end_is_dropped_once)
{
    struct box b = {.close_at = 10};
    struct writer w = {.box = &b};

    ck_assert_int_eq(uv_loop_init(&b.loop), 0);
    struct err *e = mailbox_new(&b.loop, deliver, drop, &b, &b.mailbox);
    ck_assert(!e);
    (void)write_letters(&w);
    (void)uv_run(&b.loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(b.n_wrong, 0);
    ck_assert_int_eq(b.n_delivered, 10);
    ck_assert_int_eq(n_dropped, MESSAGES - 10);
    ck_assert_int_eq(uv_loop_close(&b.loop), 0);
}
END_TEST

START_TEST(closing_an_unused_mailbox_is_fine)
{
    struct box b = {0};

    ck_assert_int_eq(uv_loop_init(&b.loop), 0);
    struct err *e = mailbox_new(&b.loop, deliver, drop, &b, &b.mailbox);
    ck_assert(!e);
    mailbox_close(b.mailbox);
    (void)uv_run(&b.loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&b.loop), 0);
    mailbox_close(NULL);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("mailbox");
    TCase *t = tcase_create("mailbox");

    tcase_add_test(t, what_is_left_at_the_end_is_dropped_once);
    tcase_add_test(t, letters_of_four_threads_come_in_order);
    tcase_add_test(t, closing_an_unused_mailbox_is_fine);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
