// The two disks that cloud-init reads. NoCloud: labelled cidata, with meta-data, user-data and network-config. Config drive: labelled
// config-2, with meta_data.json, user_data and network_data.json under openstack/latest.
#ifndef VMB_CLOUD_INIT_H
#define VMB_CLOUD_INIT_H

#include "api/kinds/instance.h"
#include "base/strbuf.h"

enum { CLOUD_INIT_PART_MAX = 1024 * 1024 };

/* Writes the image of a volume, as NoCloud or as config drive. User and network data come inline, in base64, or from the folders of mounted
 * secrets (<secrets>/<volume>/{user,network}); keys of access credentials that say so, from theirs. Errors: ERR_INVALID naming the field; ERR_RETRY. Texts never quote the data. */
MUST_CHECK struct err *cloud_init_write(const struct instance *i, const struct volume *vol, const char *secrets_dir,
                                        const char *credentials_dir, const char *path);

/* Adds the bytes of a base64 text with blanks between. Errors: ERR_INVALID. */
MUST_CHECK struct err *cloud_init_base64(const char *text, struct strbuf *out);

#endif
