// Runs a fuzz target over files, in the normal test suite: each input that once broke something stays mended.
#include "fuzz.h"

#include "base/base.h"

#include <dirent.h>
#include <errno.h>

enum { INPUT_MAX_BYTES = 1 << 20 };

static bool
replay_file(const char *path)
{
    AUTO(fclosep) FILE *f = fopen(path, "re");
    AUTO(freep) uint8_t *data = xcalloc(1, INPUT_MAX_BYTES);

    if (!f) {
        (void)fprintf(stderr, "%s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    size_t len = fread(data, 1, INPUT_MAX_BYTES, f);
    AUTO(freep) uint8_t *exact = xcalloc(1, len > 0 ? len : 1); /* a read past the end is caught by the sanitizer */
    memcpy(exact, data, len);
    return LLVMFuzzerTestOneInput(exact, len) == 0;
}

int
main(int argc, char **argv)
{
    unsigned n = 0;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s CORPUS_DIR\n", argv[0]);
        return EXIT_FAILURE;
    }
    DIR *d = opendir(argv[1]);
    if (!d) {
        (void)fprintf(stderr, "%s: %s\n", argv[1], strerrordesc_np(errno));
        return EXIT_FAILURE;
    }
    for (const struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
        AUTO(freep) char *path = xasprintf("%s/%s", argv[1], entry->d_name);
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (!replay_file(path)) {
            return EXIT_FAILURE;
        }
        n++;
    }
    (void)closedir(d);
    (void)printf("%u inputs\n", n);
    return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE; /* an empty corpus tests nothing */
}
