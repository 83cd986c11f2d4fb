// libvirt's XML by libxml2, which libvirt itself reads it with.
#include "observe/capabilities_read.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "observe/domain_read.h"

#define ARCHITECTURE "x86_64"
#define MACHINE "q35"

enum { VERSION_PARTS = 1000 };

struct names { /* a list that grows up to its bound */
    struct arena *arena;
    struct str_list *list;
    size_t max;
};

static void
doc_freep(xmlDocPtr *doc)
{
    xmlFreeDoc(*doc); /* takes NULL */
}

static void
xpath_freep(xmlXPathContextPtr *context)
{
    xmlXPathFreeContext(*context); /* takes NULL */
}

static void
found_freep(xmlXPathObjectPtr *found)
{
    xmlXPathFreeObject(*found); /* takes NULL */
}

static xmlDocPtr
parse(const char *xml)
{
    return xmlReadMemory(xml, (int)strnlen(xml, INT32_MAX), NULL, NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

static const char *
text_of(struct arena *a, xmlNodePtr node)
{
    xmlChar *text = xmlNodeGetContent(node);
    const char *copy = arena_strdup(a, text ? (const char *)text : "");

    xmlFree(text);
    return copy;
}

static void
add_name(struct names *names, const char *name)
{
    if (names->list->n < names->max && !str_empty(name) && !str_list_has(names->list, name)) {
        names->list->items[names->list->n++] = name;
    }
}

static struct names
names_begin(struct arena *a, struct str_list *list, size_t max)
{
    list->items = ARENA_NEW_N(a, const char *, max);
    list->n = 0;
    return (struct names){.arena = a, .list = list, .max = max};
}

/* Adds the text of each node that 'path' finds; an attribute is a node too. */
static void
add_all(xmlDocPtr doc, const char *path, struct names *names)
{
    AUTO(xpath_freep) xmlXPathContextPtr context = xmlXPathNewContext(doc);
    AUTO(found_freep) xmlXPathObjectPtr found = xmlXPathEvalExpression((const xmlChar *)path, context);

    for (int i = 0; found && found->nodesetval && i < found->nodesetval->nodeNr; i++) {
        add_name(names, text_of(names->arena, found->nodesetval->nodeTab[i]));
    }
}

static const char *
first(xmlDocPtr doc, const char *path, struct arena *a)
{
    struct str_list l = {0};
    struct names one = names_begin(a, &l, 1);

    add_all(doc, path, &one);
    return l.n > 0 ? l.items[0] : NULL;
}

/* An emulated processor runs every model, if with less than it promises; a real one what libvirt calls usable. */
struct err *
capabilities_of_domain(const char *xml, struct arena *a, struct domain_capabilities *c)
{
    AUTO(doc_freep) xmlDocPtr doc = parse(xml);
    struct names models = names_begin(a, &c->cpu_models, NODE_MODELS_MAX);

    c->hypervisor = doc ? first(doc, "/domainCapabilities/domain", a) : NULL;
    if (!c->hypervisor) {
        return err_new(ERR_INVALID, "libvirt's domain capabilities cannot be read");
    }
    add_all(doc,
            str_eq(c->hypervisor, "qemu") ? "/domainCapabilities/cpu/mode[@name='custom']/model"
                                          : "/domainCapabilities/cpu/mode[@name='custom']/model[@usable='yes']",
            &models);
    c->host_model = first(doc, "/domainCapabilities/cpu/mode[@name='host-model']/model", a);
    return NULL;
}

struct err *
capabilities_of_cpu(const char *xml, struct arena *a, struct domain_capabilities *c)
{
    AUTO(doc_freep) xmlDocPtr doc = parse(xml);
    struct names features = names_begin(a, &c->cpu_features, NODE_FEATURES_MAX);

    if (!doc) {
        return err_new(ERR_INVALID, "libvirt's description of the CPU cannot be read");
    }
    add_all(doc, "/cpu/feature[not(@policy) or @policy='require']/@name", &features);
    return NULL;
}

struct err *
capabilities_of_host(const char *xml, struct arena *a, struct domain_capabilities *c)
{
    AUTO(doc_freep) xmlDocPtr doc = parse(xml);
    struct names machines = names_begin(a, &c->machine_types, NODE_MACHINES_MAX);

    if (!doc) {
        return err_new(ERR_INVALID, "libvirt's capabilities cannot be read");
    }
    add_all(doc, "/capabilities/guest/arch[@name='" ARCHITECTURE "']/machine[.='q35' or starts-with(., 'pc-q35-')]",
            &machines);
    return NULL;
}

char *
capabilities_host_cpu(const char *xml)
{
    AUTO(doc_freep) xmlDocPtr doc = parse(xml);
    AUTO(xpath_freep) xmlXPathContextPtr context = doc ? xmlXPathNewContext(doc) : NULL;
    AUTO(found_freep)
    xmlXPathObjectPtr found =
        context ? xmlXPathEvalExpression(
                      (const xmlChar *)"/domainCapabilities/cpu/mode[@name='host-model' and @supported='yes']", context)
                : NULL;
    xmlBufferPtr text = xmlBufferCreate();
    char *cpu = NULL;

    if (text && found && found->nodesetval && found->nodesetval->nodeNr > 0) {
        xmlNodePtr mode = found->nodesetval->nodeTab[0];
        xmlNodeSetName(mode, (const xmlChar *)"cpu");
        while (mode->properties) {
            (void)xmlRemoveProp(mode->properties);
        }
        cpu = xmlNodeDump(text, doc, mode, 0, 0) > 0 ? xstrdup((const char *)xmlBufferContent(text)) : NULL;
    }
    xmlBufferFree(text);
    return cpu;
}

static const char *
version_text(struct arena *a, unsigned long version)
{
    return arena_printf(a, "%lu.%lu.%lu", version / VERSION_PARTS / VERSION_PARTS,
                        version / VERSION_PARTS % VERSION_PARTS, version % VERSION_PARTS);
}

/* All that the host model implies. Without one, features are not known: nothing that asks for one is placed here. */
static struct err *
read_features(virConnectPtr conn, const char *hypervisor, const char *domain_xml, struct arena *a,
              struct domain_capabilities *c)
{
    AUTO(freep) char *cpu = capabilities_host_cpu(domain_xml);
    const char *cpus[] = {cpu};
    AUTO(freep)
    char *expanded = cpu ? virConnectBaselineHypervisorCPU(conn, NULL, ARCHITECTURE, NULL, hypervisor, cpus, 1,
                                                           VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES)
                         : NULL;

    if (cpu && !expanded) {
        return libvirt_error("expand the host's CPU");
    }
    return expanded ? capabilities_of_cpu(expanded, a, c) : NULL;
}

struct err *
capabilities_read(virConnectPtr conn, const char *hypervisor, struct arena *a,
                  struct domain_capabilities *ret_capabilities)
{
    struct domain_capabilities c = {0};
    unsigned long qemu = 0;
    unsigned long libvirt = 0;
    AUTO(freep) char *domain_xml = virConnectGetDomainCapabilities(conn, NULL, ARCHITECTURE, MACHINE, hypervisor, 0);

    if (!domain_xml) {
        return libvirt_error("ask for the domain capabilities");
    }
    AUTO(freep) char *host_xml = virConnectGetCapabilities(conn);
    if (!host_xml || virConnectGetVersion(conn, &qemu) != 0 || virConnectGetLibVersion(conn, &libvirt) != 0) {
        return libvirt_error("ask for the capabilities");
    }
    struct err *e = capabilities_of_domain(domain_xml, a, &c);
    if (!e) {
        e = capabilities_of_host(host_xml, a, &c);
    }
    if (!e) {
        e = read_features(conn, hypervisor, domain_xml, a, &c);
    }
    c.qemu_version = version_text(a, qemu);
    c.libvirt_version = version_text(a, libvirt);
    if (!e) {
        *ret_capabilities = c;
    }
    return e;
}
