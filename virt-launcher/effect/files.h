// Small files: whole reads with a cap, writes that are there wholly or not at all, marks that a restarted manager finds.
#ifndef VMB_FILES_H
#define VMB_FILES_H

#include <dirent.h>

#include "base/err.h"
#include "base/strbuf.h"

/* Appends the file to 'out' (its cap is the file's). Errors: ERR_NOT_FOUND, ERR_INVALID when too long, ERR_RETRY. */
MUST_CHECK struct err *file_read(const char *path, struct strbuf *out);

/* Writes a file with mode 0600 under another name, then renames it. */
MUST_CHECK struct err *file_write(const char *path, const char *text, size_t len);

/* Writes into a file that cannot be renamed over, since somebody has mounted it; false when it is not there or takes no more. */
bool file_overwrite(const char *path, const char *text);

/* Makes a folder and those above it; one that exists is success. */
MUST_CHECK struct err *file_make_dirs(const char *path);

bool file_exists(const char *path);
/* Cleanup for AUTO. */
void closedirp(DIR **d);
/* When it was last written, in seconds since 1970; 0 when it does not exist. */
int64_t file_modified_s(const char *path);

/* Makes the file exist or not, as wished; nothing happens when it is so already. Failures are dropped: the next change of state
 * tries again. */
void file_mark(const char *path, bool wish);

/* The last 'max' bytes of a file, or all of it, added to 'out'. Errors as file_read. */
MUST_CHECK struct err *file_read_tail(const char *path, size_t max, struct strbuf *out);

/* Gives the older part of a log back to the disk once it takes more than 'max_bytes' there. Whoever writes it appends. */
void file_bound_log(const char *path, int64_t max_bytes);

#endif
