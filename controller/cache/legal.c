// One alphabet and one length each.
#include "cache/legal.h"

#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
is_of(const char *text, const char *alphabet, size_t max)
{
    size_t len = text ? strnlen(text, max + 1) : 0;

    return len > 0 && len <= max && strspn(text, alphabet) == len;
}

bool
legal_name(const char *text)
{
    return is_of(text, SMALL DIGITS "-.", LEGAL_NAME_MAX);
}

bool
legal_namespace(const char *text)
{
    return is_of(text, SMALL DIGITS "-", LEGAL_NAMESPACE_MAX);
}

bool
legal_uid(const char *text)
{
    return is_of(text, SMALL CAPITALS DIGITS "-._", LEGAL_UID_MAX);
}

bool
legal_version(const char *text)
{
    return is_of(text, SMALL CAPITALS DIGITS, LEGAL_VERSION_MAX);
}

bool
legal_kind(const char *text)
{
    return is_of(text, SMALL CAPITALS DIGITS "-._/", LEGAL_KIND_MAX);
}
