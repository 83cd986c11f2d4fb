// Disks that carry small files into a guest: ISO 9660 with Joliet and Rock Ridge, written by libarchive. Knows nothing of what they hold.
#ifndef VMB_ISO_IMAGE_H
#define VMB_ISO_IMAGE_H

#include "base/strbuf.h"

enum {
    ISO_LABEL_MAX = 32,                /* what ISO 9660 has room for */
    ISO_FILES_MAX = 1024,              /* of one image */
    ISO_CONTENT_MAX = 2 * 1024 * 1024, /* bytes of all files of one image */
};

struct iso_file {
    const char *name; /* folders before it are made */
    const struct strbuf *content;
};

/* Writes the image under another name, then renames it. 'label' is at most ISO_LABEL_MAX printable signs of ASCII.
 * Errors: ERR_INVALID for a label that is none; ERR_RETRY. Texts never quote the content. */
MUST_CHECK struct err *iso_image_write(const char *path, const char *label, const struct iso_file *files,
                                       size_t n_files);

#endif
