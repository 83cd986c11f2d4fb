// Text to numbers, and the buses of machine type q35: bus 0 has slots, every other one is a root port with one slot.
#include "api/rules/pci_address.h"

#include <ctype.h>
#include <stddef.h>

enum { DOMAIN_DIGITS = 4, PART_DIGITS = 2, FUNCTION_DIGITS_MAX = 4 };

static unsigned
hex_value(char c)
{
    return isdigit((unsigned char)c) ? (unsigned)(c - '0') : (unsigned)(tolower((unsigned char)c) - 'a' + 10);
}

/* Reads 'n' digits and the character that ends them; what follows it, or NULL when they are not there. */
static const char *
read_hex(const char *p, size_t n, char end, unsigned *ret_value)
{
    unsigned value = 0;

    for (size_t i = 0; i < n; i++, p++) {
        if (!isxdigit((unsigned char)*p)) {
            return NULL;
        }
        value = value * 16 + hex_value(*p);
    }
    if (*p != end) {
        return NULL;
    }
    *ret_value = value;
    return end ? p + 1 : p;
}

static size_t
count_digits(const char *p)
{
    size_t n = 0;

    while (n < FUNCTION_DIGITS_MAX && isxdigit((unsigned char)p[n])) {
        n++;
    }
    return n;
}

bool
pci_address_read(const char *text, struct pci_address *ret_address)
{
    struct pci_address a = {0};
    const char *p = read_hex(text, DOMAIN_DIGITS, ':', &a.domain);

    p = read_hex(p ? p : text, PART_DIGITS, ':', &a.bus);
    p = p ? read_hex(p, PART_DIGITS, '.', &a.slot) : NULL;
    size_t n = p ? count_digits(p) : 0;
    if (n == 0 || !read_hex(p, n, '\0', &a.function)) {
        return false;
    }
    *ret_address = a;
    return true;
}

const char *
pci_address_refused(const struct pci_address *a)
{
    if (a->domain != 0) {
        return "the guest has PCI domain 0000 alone";
    }
    if (a->function != 0) {
        return "a device is function 0 of its slot: end it with .0";
    }
    if (a->bus == 0) {
        return a->slot >= PCI_ROOT_SLOT_MIN && a->slot <= PCI_ROOT_SLOT_MAX
                   ? NULL
                   : "on bus 00 a device can be in slots 02 to 1e, the others are the machine's own";
    }
    if (a->bus > PCI_BUS_MAX) {
        return "the guest has buses 00 to 1f";
    }
    return a->slot == 0 ? NULL : "a bus other than 00 has slot 00 alone: write 0000:05:00.0";
}

bool
pci_address_equal(const struct pci_address *a, const struct pci_address *b)
{
    return a->domain == b->domain && a->bus == b->bus && a->slot == b->slot && a->function == b->function;
}
