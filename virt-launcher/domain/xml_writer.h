// Writes XML into a buffer: nested elements, attributes and text, each value escaped. Pure.
#ifndef VMB_XML_WRITER_H
#define VMB_XML_WRITER_H

#include "base/strbuf.h"

enum { XML_DEPTH_MAX = 16 };

struct xml {
    struct strbuf *out;
    const char *open[XML_DEPTH_MAX]; /* names of the elements that are not closed; borrowed */
    unsigned depth;
    bool in_tag;   /* "<name" is written, ">" is not */
    bool has_text; /* the innermost element holds text: its end follows on the same line */
};

#define XML_INIT(strbuf) ((struct xml){.out = (strbuf)})

/* Opens an element; 'name' is a literal. More than XML_DEPTH_MAX levels is a bug. */
void xml_open(struct xml *x, const char *name);
/* Adds to the element that was just opened. A NULL value adds nothing. */
void xml_attr(struct xml *x, const char *name, const char *value);
void xml_attr_int(struct xml *x, const char *name, int64_t value);
void xml_text(struct xml *x, const char *text);
void xml_close(struct xml *x);

/* An element with nothing but attributes: pairs of name and value, ended by NULL. A NULL value leaves its attribute out. */
__attribute__((sentinel)) void xml_empty(struct xml *x, const char *name, ...);
/* An element with nothing but text. */
void xml_leaf(struct xml *x, const char *name, const char *text);
void xml_leaf_int(struct xml *x, const char *name, int64_t value);

#endif
