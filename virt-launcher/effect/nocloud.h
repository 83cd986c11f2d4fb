// cloud-init's NoCloud disk: an ISO 9660 image labelled cidata with meta-data, user-data and network-config.
#ifndef VMB_NOCLOUD_H
#define VMB_NOCLOUD_H

#include "api/kinds/instance.h"
#include "base/strbuf.h"

enum { NOCLOUD_PART_MAX = 1024 * 1024 };

/* Writes the image. User and network data come inline, in base64, or from the folders of mounted secrets
 * (<secrets>/<volume>/{user,network}). Errors: ERR_INVALID naming the field; ERR_RETRY. Texts never quote the data. */
MUST_CHECK struct err *nocloud_write(const struct instance *i, const struct volume *vol, const char *secrets_dir,
                                     const char *path);

/* Adds the bytes of a base64 text with blanks between. Errors: ERR_INVALID. */
MUST_CHECK struct err *nocloud_base64(const char *text, struct strbuf *out);

#endif
