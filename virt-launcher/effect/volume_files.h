// Disks made of the files of a ConfigMap, a Secret, the downward API or a ServiceAccount, and of answers for Windows' set-up.
#ifndef VMB_VOLUME_FILES_H
#define VMB_VOLUME_FILES_H

#include "api/kinds/vmi.h"

/* Writes the image of a volume whose files are mounted at <files>/<volume>. Errors: ERR_INVALID naming the field, ERR_RETRY. */
MUST_CHECK struct err *volume_files_write(const struct volume *vol, const char *files_dir, const char *path);

#endif
