// Rules over the pages that a guest's memory is made of.
#include "api/rules/validate_parts.h"

enum { PAGE_2M = 2 << 20, PAGE_1G = 1 << 30 };

/* What a guest's memory is, and the field that says so; no text: nobody does. */
struct wanted {
    const char *path;
    struct quantity amount;
};

static struct wanted
wanted_memory(const struct domain_spec *d)
{
    if (d->memory.guest.text) {
        return (struct wanted){"domain.memory.guest", d->memory.guest};
    }
    if (d->resources.requests_memory.text) {
        return (struct wanted){"domain.resources.requests.memory", d->resources.requests_memory};
    }
    return (struct wanted){"domain.resources.limits.memory", d->resources.limits_memory};
}

#define PAGE_SIZE "domain.memory.hugepages.pageSize"

static struct err *
check_against_pages(const struct wanted *w, const struct quantity *page)
{
    if (!w->amount.text) {
        return NULL; /* one page */
    }
    if (w->amount.value < page->value) {
        return INVALID("%s '%s' must be equal to or larger than page size " PAGE_SIZE " '%s'", w->path, w->amount.text,
                       page->text);
    }
    return w->amount.value % page->value == 0 ? NULL
                                              : INVALID("%s '%s' is not a multiple of the page size " PAGE_SIZE " '%s'",
                                                        w->path, w->amount.text, page->text);
}

static struct err *
check_pages(const struct domain_spec *d)
{
    const struct quantity *page = d->memory.hugepages ? &d->memory.hugepages->page_size : NULL;

    if (!page) {
        return NULL;
    }
    if (page->value != PAGE_2M && page->value != PAGE_1G) {
        return INVALID(PAGE_SIZE " '%.64s' must be 2Mi or 1Gi", page->text ? page->text : "");
    }
    const struct wanted w = wanted_memory(d);
    return check_against_pages(&w, page);
}

void
validate_memory(const struct vmi_spec *s, struct problems *p)
{
    problems_add(p, check_pages(&s->domain));
}
