// Disks made of a mounted folder: what a ConfigMap, a Secret or the downward API has in it, as the kubelet mounts it.
#ifndef VMB_ISO_FOLDER_H
#define VMB_ISO_FOLDER_H

#include "effect/iso_image.h"

/* Writes an image (effect/iso_image.h) of the files in a folder. Their names are kept; what the kubelet needs beside them ("..data") stays
 * out. Errors: ERR_INVALID when there are too many of them or too much is in them, and for a label that is none; ERR_RETRY. */
MUST_CHECK struct err *iso_folder_write(const char *path, const char *label, const char *folder);

#endif
