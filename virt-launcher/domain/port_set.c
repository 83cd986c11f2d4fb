// Bit sets, and the texts they are read from and written to.
#include "domain/port_set.h"

enum { TCP_LISTEN = 0x0a, LINE_SIZE = 256 };

static const uint8_t *
bits_of(const struct port_set *s, bool is_udp)
{
    return is_udp ? s->udp : s->tcp;
}

bool
port_set_has(const struct port_set *s, bool is_udp, unsigned port)
{
    return port < PORT_NUMBERS && (bits_of(s, is_udp)[port / 8] >> (port % 8) & 1);
}

void
port_set_add(struct port_set *s, bool is_udp, unsigned port)
{
    if (port > 0 && port < PORT_NUMBERS) {
        uint8_t *byte = &(is_udp ? s->udp : s->tcp)[port / 8];
        *byte = (uint8_t)(*byte | 1U << (port % 8));
    }
}

static size_t
count_bits(unsigned bits)
{
    size_t n = 0;

    for (; bits; bits &= bits - 1) {
        n++;
    }
    return n;
}

size_t
port_set_count(const struct port_set *s)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof(s->tcp); i++) {
        n += count_bits(s->tcp[i]) + count_bits(s->udp[i]);
    }
    return n;
}

bool
port_set_equal(const struct port_set *a, const struct port_set *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

void
port_set_from_list(const struct port_list *l, struct port_set *ret_set)
{
    memset(ret_set, 0, sizeof(*ret_set));
    for (size_t i = 0; i < l->n && i < PORT_SET_MAX; i++) {
        int64_t port = l->items[i].port;
        if (port > 0 && port < PORT_NUMBERS) {
            port_set_add(ret_set, l->items[i].protocol == PROTOCOL_UDP, (unsigned)port);
        }
    }
}

struct port_list
port_set_to_list(const struct port_set *s, struct arena *a)
{
    size_t n = port_set_count(s);
    struct port_list l = {.items = ARENA_NEW_N(a, struct port, n)};

    for (int udp = 0; udp < 2; udp++) {
        for (unsigned p = 1; p < PORT_NUMBERS && l.n < n; p++) {
            if (port_set_has(s, udp, p)) {
                l.items[l.n++] = (struct port){.protocol = udp ? PROTOCOL_UDP : PROTOCOL_TCP, .port = p};
            }
        }
    }
    return l;
}

void
port_set_merge(const struct port_set *from, struct port_set *to)
{
    for (size_t i = 0; i < sizeof(from->tcp); i++) {
        to->tcp[i] |= from->tcp[i];
        to->udp[i] |= from->udp[i];
    }
}

void
port_set_minus(const struct port_set *a, const struct port_set *b, struct port_set *ret_set)
{
    for (size_t i = 0; i < sizeof(a->tcp); i++) {
        ret_set->tcp[i] = (uint8_t)(a->tcp[i] & ~b->tcp[i]);
        ret_set->udp[i] = (uint8_t)(a->udp[i] & ~b->udp[i]);
    }
}

void
port_set_both(const struct port_set *a, const struct port_set *b, struct port_set *ret_set)
{
    for (size_t i = 0; i < sizeof(a->tcp); i++) {
        ret_set->tcp[i] = a->tcp[i] & b->tcp[i];
        ret_set->udp[i] = a->udp[i] & b->udp[i];
    }
}

bool
port_set_text(const struct port_set *s, bool is_udp, struct strbuf *out)
{
    const char *comma = "";

    for (unsigned p = 1; p < PORT_NUMBERS; p++) {
        unsigned last = p;
        if (!port_set_has(s, is_udp, p)) {
            continue;
        }
        while (port_set_has(s, is_udp, last + 1)) {
            last++;
        }
        strbuf_addf(out, last > p ? "%s%u-%u" : "%s%u", comma, p, last);
        comma = ",";
        p = last;
    }
    return !out->over;
}

/* "    TCP [*]:22  =>  22 ", "    UDP [*]:8000-8010  =>  8000-8010 " */
static void
read_pesto_line(const char *line, struct port_set *set)
{
    char protocol[4];
    char address[64];
    unsigned first, last;
    int n = sscanf(line, " %3[A-Z] %63[^ \n:]:%u-%u", protocol, address, &first, &last);

    if (n < 3 || (!str_eq(protocol, "TCP") && !str_eq(protocol, "UDP"))) {
        return;
    }
    if (n == 3) {
        last = first;
    }
    for (unsigned p = first; p <= last && p < PORT_NUMBERS; p++) {
        port_set_add(set, str_eq(protocol, "UDP"), p);
    }
}

/* Copies the first line of 'text', which ends at 'end', as much of it as matters, and returns what follows; NULL when nothing does. sscanf
 * measures all that it is given: read in place, a table of many connections, which a guest can make, would take minutes. */
static const char *
take_line(const char *text, const char *end, char line[LINE_SIZE])
{
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    size_t len = (size_t)((stop ? stop : end) - text);

    len = len < LINE_SIZE ? len : LINE_SIZE - 1;
    memcpy(line, text, len);
    line[len] = '\0';
    return stop ? stop + 1 : NULL;
}

void
port_set_read_pesto(const char *text, struct port_set *ret_set)
{
    const char *end = text + strlen(text);
    char line[LINE_SIZE];

    memset(ret_set, 0, sizeof(*ret_set));
    while (text) {
        text = take_line(text, end, line);
        read_pesto_line(line, ret_set);
    }
}

void
port_set_read_proc(const char *text, bool is_udp, struct port_set *set)
{
    const char *end = text + strlen(text);
    char line[LINE_SIZE];

    while (text) {
        unsigned port, state;
        text = take_line(text, end, line);
        if (sscanf(line, " %*u: %*32[0-9A-F]:%x %*32[0-9A-F]:%*x %x", &port, &state) == 2 &&
            (is_udp || state == TCP_LISTEN)) {
            port_set_add(set, is_udp, port);
        }
    }
}
