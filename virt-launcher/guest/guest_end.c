// libvirt's word, or its log's, decides what the end was.
#include "guest/guest_end.h"

#include "base/clock.h"
#include "domain/parts/features.h"
#include "effect/files.h"
#include "guest/guest_logs.h"
#include "guest/guest_tell.h"

enum { SCRATCH_BYTES = 256 * 1024, LOG_TAIL_BYTES = 64 * 1024, ENDED_MAX = 16384 };

bool
guest_has_ended(struct guest *g)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(ENDED_MAX);
    AUTO(err_freep) struct err *e = file_read(g->paths.ended_mark, &text);
    char *words = e ? NULL : strchr(strbuf_str(&text), '\n');

    if (!words) {
        return false;
    }
    g->code = (enum exit_code)strtol(text.buf, NULL, 10);
    g->is_over = true;
    (void)file_overwrite(g->paths.termination, words + 1); /* outside a pod there is none */
    return true;
}

static enum exit_code
code_of(const struct guest *g)
{
    if (g->failure) {
        return err_class(g->failure) == ERR_INVALID ? EXIT_SPEC_INVALID : EXIT_START_FAILED;
    }
    if (str_eq(g->end_reason, "shutdown")) {
        return EXIT_GUEST_OFF;
    }
    return str_eq(g->end_reason, "destroyed") ? EXIT_GUEST_DESTROYED : EXIT_GUEST_CRASHED;
}

/* libvirt's own word first, then its log of QEMU, which outlives libvirtd; else nobody knows, which is a crash. */
static const char *
end_reason_of(const struct guest *g, const struct strbuf *qemu_log)
{
    const char *reason = g->seen.reason;

    if (!g->was_started) {
        return "shutdown"; /* it was asked to end before it began */
    }
    if (str_empty(reason) || str_eq(reason, "unknown")) {
        reason = domain_end_in_log(strbuf_str(qemu_log), qemu_log->len);
    }
    if (str_eq(reason, "destroyed") && g->is_destroyed_by_us && !features_have_acpi(&g->instance)) {
        return "shutdown"; /* there is no gentler way without ACPI */
    }
    return reason ? reason : "crashed";
}

static void
read_end(struct guest *g)
{
    AUTO(freep) char *path = guest_qemu_log(g);
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(2 * LOG_TAIL_BYTES); /* it may grow meanwhile */
    size_t len;

    err_free(file_read_tail(path, LOG_TAIL_BYTES, &text)); /* no log, no word */
    g->end_reason = end_reason_of(g, &text);
    g->code = code_of(g);
    const char *words = domain_words_in_log(strbuf_str(&text), text.len, &len);
    if (words && g->code == EXIT_GUEST_CRASHED) {
        g->qemu_words = xasprintf("QEMU ended unexpectedly: %.*s", (int)len, words);
    }
}

static void
keep_last_words(const struct guest *g, struct arena *a)
{
    struct status_facts f = guest_facts(g, a);

    f.seq = g->seq + 1;
    AUTO(freep) char *words = launcher_status_last_words(&f, a);
    AUTO(freep) char *ended = xasprintf("%d\n%s\n", (int)g->code, words);
    struct err *e = file_write(g->paths.ended_mark, ended, strlen(ended));
    if (e) {
        log_warn(&g->log, "the end cannot be kept", F_ERR(e));
        err_free(e); /* told below all the same */
    }
    (void)file_overwrite(g->paths.termination, words); /* as above */
}

static void
on_flushed(uv_timer_t *t)
{
    struct guest *g = t->data;

    bool is_said = console_tail_flush(&g->console) && (!g->gateway || gateway_client_is_told(g->gateway));

    g->told_ms += GUEST_FLUSH_EVERY_MS;
    if (!is_said && g->told_ms < GUEST_FLUSH_MS) {
        return;
    }
    libvirt_daemon_stop(&g->daemon);
    g->is_over = true;
    uv_stop(g->loop);
}

void
guest_finish(struct guest *g)
{
    AUTO(arena_freep) struct arena *a = arena_new(SCRATCH_BYTES);

    if (g->end_reason) {
        return;
    }
    read_end(g);
    g->since_s = clock_wall_s();
    g->seen.state = DOMAIN_ABSENT;
    guest_time(g, "end");
    if (g->failure) {
        log_error(&g->log, "the guest cannot be started", F_ERR(g->failure));
    } else {
        log_warn(&g->log, "the guest has ended", F_STR("reason", g->end_reason), F_I64("exit", g->code));
    }
    passt_ports_stop(&g->ports);
    file_mark(g->paths.up_mark, false);
    file_mark(g->paths.ready_mark, false);
    keep_last_words(g, a);
    guest_tell_now(g);
    g->told_ms = 0; /* from here on: how long we have waited for gateway and reader */
    uv_timer_start(&g->tell_timer, on_flushed, 0, GUEST_FLUSH_EVERY_MS);
}
