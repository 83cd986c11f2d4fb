// Rules over access credentials.
#include "api/rules/validate_parts.h"

enum { USER_MAX = 64 };

static bool
has_seed(const struct vmi_spec *s, bool is_config_drive)
{
    for (size_t i = 0; i < s->volumes.n; i++) {
        const struct volume *v = &s->volumes.items[i];
        if (is_config_drive ? v->cloud_init_config_drive : v->cloud_init_no_cloud) {
            return true;
        }
    }
    return false;
}

static struct err *
check_users(const struct str_list *users, size_t i)
{
    if (users->n == 0) {
        return INVALID("accessCredentials[%zu] requires at least one user to be present in the users list", i);
    }
    for (size_t k = 0; k < users->n; k++) {
        if (str_empty(users->items[k]) || strlen(users->items[k]) > USER_MAX) {
            return INVALID("accessCredentials[%zu].sshPublicKey.propagationMethod.qemuGuestAgent.users[%zu] must be a "
                           "name of 1 to %d bytes",
                           i, k, USER_MAX);
        }
    }
    return NULL;
}

static struct err *
check_ssh(const struct vmi_spec *s, const struct ssh_public_key *k, size_t i)
{
    if (str_empty(k->secret_name)) {
        return INVALID("accessCredentials[%zu] must have exactly one source set", i);
    }
    if (k->config_drive + k->no_cloud + (k->agent != NULL) != 1) {
        return INVALID("accessCredentials[%zu] must have exactly one propagationMethod set", i);
    }
    if (k->no_cloud && !has_seed(s, false)) {
        return INVALID("accessCredentials[%zu] requires a noCloud volume to exist when the noCloud propagationMethod "
                       "is in use.",
                       i);
    }
    if (k->config_drive && !has_seed(s, true)) {
        return INVALID("accessCredentials[%zu] requires a configDrive volume to exist when the configDrive "
                       "propagationMethod is in use.",
                       i);
    }
    return k->agent ? check_users(&k->agent->users, i) : NULL;
}

static struct err *
check_credential(const struct vmi_spec *s, size_t i)
{
    const struct access_credential *c = &s->access_credentials.items[i];

    if (!c->ssh == !c->password) {
        return INVALID("accessCredentials[%zu] must have exactly one access credential type set", i);
    }
    if (c->ssh) {
        return check_ssh(s, c->ssh, i);
    }
    if (str_empty(c->password->secret_name)) {
        return INVALID("accessCredentials[%zu] must have exactly one source set", i);
    }
    return c->password->agent ? NULL : INVALID("accessCredentials[%zu] must have exactly one propagationMethod set", i);
}

void
validate_credentials(const struct vmi_spec *s, struct problems *p)
{
    for (size_t i = 0; i < s->access_credentials.n; i++) {
        problems_add(p, check_credential(s, i));
    }
}
