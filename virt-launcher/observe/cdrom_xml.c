// By libxml2, which libvirt itself reads its XML with: so whatever else it says of a device stays as it is.
#include "observe/cdrom_xml.h"

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

static xmlNodePtr
find_cdrom(xmlDocPtr doc, const char *alias)
{
    xmlNodePtr devices = child(xmlDocGetRootElement(doc), "devices");

    for (xmlNodePtr n = devices ? devices->children : NULL; n; n = n->next) {
        bool is_disk = n->type == XML_ELEMENT_NODE && str_eq((const char *)n->name, "disk");
        if (is_disk && has_value(child(n, "alias"), "name", alias)) {
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

/* The medium of a CD-ROM. What libvirt says of an empty one has a source too, without a place. */
static xmlNodePtr
medium(xmlNodePtr cdrom)
{
    xmlNodePtr source = child(cdrom, "source");
    bool is_there =
        source && (xmlHasProp(source, (const xmlChar *)"file") || xmlHasProp(source, (const xmlChar *)"dev"));

    return is_there ? source : NULL;
}

/* 'kept' is the same CD-ROM as it was begun, or NULL. */
static bool
switch_medium(xmlNodePtr cdrom, xmlNodePtr kept, bool is_out)
{
    xmlNodePtr begun = medium(kept);

    if ((medium(cdrom) == NULL) == is_out || (!is_out && !begun)) {
        return false;
    }
    drop(child(cdrom, "source"));
    drop(child(cdrom, "backingStore"));
    if (!is_out) {
        xmlNodePtr copy = xmlDocCopyNode(begun, cdrom->doc, 1);
        BUG_ON(!copy || !xmlAddChild(cdrom, copy));
    }
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
cdrom_xml_switch(const char *live, const char *kept, const char *alias, bool is_out, char **ret_text)
{
    AUTO(doc_freep) xmlDocPtr now = parse(live);
    AUTO(doc_freep) xmlDocPtr begun = parse(kept);

    if (!now || !begun) {
        return err_new(ERR_INVALID, "libvirt's description of the guest cannot be read");
    }
    xmlNodePtr cdrom = find_cdrom(now, alias);
    if (!cdrom) {
        return err_new(ERR_NOT_FOUND, "the guest has no device %.*s", NAME_MAX_BYTES, alias);
    }
    *ret_text = switch_medium(cdrom, find_cdrom(begun, alias), is_out) ? text_of(cdrom) : NULL;
    return NULL;
}
