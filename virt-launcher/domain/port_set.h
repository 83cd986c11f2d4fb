// Sets of TCP and UDP ports: what should be open, what passt has, what the kernel listens on. Pure.
#ifndef VMB_PORT_SET_H
#define VMB_PORT_SET_H

#include "api/kinds/vmi.h"
#include "base/strbuf.h"

enum { PORT_NUMBERS = 65536, PORT_SET_MAX = 1024 };

struct port_set {
    uint8_t tcp[PORT_NUMBERS / 8];
    uint8_t udp[PORT_NUMBERS / 8];
};

bool port_set_has(const struct port_set *s, bool is_udp, unsigned port);
void port_set_add(struct port_set *s, bool is_udp, unsigned port);
size_t port_set_count(const struct port_set *s);
bool port_set_equal(const struct port_set *a, const struct port_set *b);

/* From a list; numbers outside 1 to 65535, and what comes after PORT_SET_MAX ports, are left out. */
void port_set_from_list(const struct port_list *l, struct port_set *ret_set);
/* As a list in the arena: TCP first, ascending. */
struct port_list port_set_to_list(const struct port_set *s, struct arena *a);

/* Adds all of 'from'. */
void port_set_merge(const struct port_set *from, struct port_set *to);
/* a without b; a and b. */
void port_set_minus(const struct port_set *a, const struct port_set *b, struct port_set *ret_set);
void port_set_both(const struct port_set *a, const struct port_set *b, struct port_set *ret_set);

/* The ports of one protocol as passt's tools take them ("22,80,8000-8010"); "" for none. False when it does not fit. */
bool port_set_text(const struct port_set *s, bool is_udp, struct strbuf *out);

/* Reads what `pesto -s` shows; lines of another shape are skipped. */
void port_set_read_pesto(const char *text, struct port_set *ret_set);
/* Adds the local ports in lines of /proc/net/{tcp,tcp6} that listen, or of {udp,udp6} that are bound. */
void port_set_read_proc(const char *text, bool is_udp, struct port_set *set);

#endif
