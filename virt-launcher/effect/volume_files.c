// Which label a disk has, and what must be on it; effect/iso_folder makes it.
#include "effect/volume_files.h"

#include <errno.h>

#include "effect/files.h"
#include "effect/iso_folder.h"

/* What KubeVirt gives a disk that asks for none. */
#define DEFAULT_LABEL "cfgdata"
#define SYSPREP_LABEL "unattendCD"

static const char *
label_of(const struct volume *vol)
{
    const char *label = vol->config_map     ? vol->config_map->volume_label
                        : vol->secret       ? vol->secret->volume_label
                        : vol->downward_api ? vol->downward_api->volume_label
                                            : NULL;

    return vol->sysprep ? SYSPREP_LABEL : str_empty(label) ? DEFAULT_LABEL : label;
}

static const char *
source_of(const struct volume *vol)
{
    return vol->config_map     ? "configMap"
           : vol->secret       ? "secret"
           : vol->downward_api ? "downwardAPI"
           : vol->sysprep      ? "sysprep"
                               : "serviceAccount";
}

/* Windows takes no notice of a disk without one of them, and its set-up would wait for somebody to answer. */
static struct err *
answers_check(const char *folder)
{
    AUTO(closedirp) DIR *d = opendir(folder);

    if (!d) {
        return err_errno(errno, "open %s", folder);
    }
    for (const struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
        if (strcasecmp(entry->d_name, "autounattend.xml") == 0 || strcasecmp(entry->d_name, "unattend.xml") == 0) {
            return NULL;
        }
    }
    return err_new(ERR_INVALID, "has neither a key Autounattend.xml nor a key Unattend.xml");
}

struct err *
volume_files_write(const struct volume *vol, const char *files_dir, const char *path)
{
    AUTO(freep) char *folder = xasprintf("%s/%s", files_dir, vol->name);
    struct err *e = vol->sysprep ? answers_check(folder) : NULL;

    if (!e) {
        e = iso_folder_write(path, label_of(vol), folder);
    }
    return err_wrap(e, "spec.volumes[%s].%s", vol->name, source_of(vol));
}
