// By libxml2, which libvirt itself reads its XML with: so whatever else it says of a device stays as it is.
#include "observe/device_xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

enum { NAME_MAX_BYTES = 64 };

static void
doc_freep(xmlDocPtr *doc)
{
    xmlFreeDoc(*doc); /* takes NULL */
}

static void
buffer_freep(xmlBufferPtr *b)
{
    xmlBufferFree(*b); /* takes NULL */
}

static xmlDocPtr
parse(const char *xml)
{
    return xmlReadMemory(xml, (int)strnlen(xml, INT32_MAX), NULL, NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

static xmlNodePtr
child(xmlNodePtr parent, const char *name)
{
    for (xmlNodePtr n = parent ? parent->children : NULL; n; n = n->next) {
        if (n->type == XML_ELEMENT_NODE && str_eq((const char *)n->name, name)) {
            return n;
        }
    }
    return NULL;
}

static bool
has_value(xmlNodePtr n, const char *name, const char *value)
{
    xmlChar *text = n ? xmlGetProp(n, (const xmlChar *)name) : NULL;
    bool is_it = str_eq((const char *)text, value);

    xmlFree(text);
    return is_it;
}

/* The device of that alias. */
static xmlNodePtr
device(xmlDocPtr doc, const struct device_switch *s)
{
    xmlNodePtr devices = child(xmlDocGetRootElement(doc), "devices");

    for (xmlNodePtr n = devices ? devices->children : NULL; n; n = n->next) {
        bool is_kind = n->type == XML_ELEMENT_NODE && str_eq((const char *)n->name, s->is_cdrom ? "disk" : "interface");
        if (is_kind && has_value(child(n, "alias"), "name", s->alias)) {
            return n;
        }
    }
    return NULL;
}

static void
drop(xmlNodePtr n)
{
    if (n) {
        xmlUnlinkNode(n);
        xmlFreeNode(n);
    }
}

static bool
switch_link(xmlNodePtr nic, bool is_down)
{
    xmlNodePtr link = child(nic, "link");

    if (has_value(link, "state", "down") == is_down) {
        return false;
    }
    drop(link);
    link = xmlNewChild(nic, NULL, (const xmlChar *)"link", NULL);
    BUG_ON(!link || !xmlNewProp(link, (const xmlChar *)"state", (const xmlChar *)(is_down ? "down" : "up")));
    return true;
}

/* 'kept' is the same CD-ROM as it was begun, or NULL. */
static bool
switch_medium(xmlNodePtr cdrom, xmlNodePtr kept, bool is_out)
{
    xmlNodePtr source = child(cdrom, "source"), begun = child(kept, "source");

    if (is_out) {
        drop(source);
        drop(child(cdrom, "backingStore"));
        return source != NULL;
    }
    if (source || !begun) {
        return false;
    }
    xmlNodePtr copy = xmlDocCopyNode(begun, cdrom->doc, 1);
    BUG_ON(!copy || !xmlAddChild(cdrom, copy));
    return true;
}

static char *
text_of(xmlNodePtr n)
{
    AUTO(buffer_freep) xmlBufferPtr b = xmlBufferCreate();

    BUG_ON(!b || xmlNodeDump(b, n->doc, n, 0, 0) < 0);
    return xstrdup((const char *)xmlBufferContent(b));
}

struct err *
device_xml_switch(const char *live, const char *kept, const struct device_switch *s, char **ret_text)
{
    AUTO(doc_freep) xmlDocPtr now = parse(live);
    AUTO(doc_freep) xmlDocPtr begun = parse(kept);

    if (!now || !begun) {
        return err_new(ERR_INVALID, "libvirt's description of the guest cannot be read");
    }
    xmlNodePtr n = device(now, s);
    if (!n) {
        return err_new(ERR_NOT_FOUND, "the guest has no device %.*s", NAME_MAX_BYTES, s->alias);
    }
    bool is_new = s->is_cdrom ? switch_medium(n, device(begun, s), s->is_off) : switch_link(n, s->is_off);
    *ret_text = is_new ? text_of(n) : NULL;
    return NULL;
}
