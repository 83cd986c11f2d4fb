// A short queue.
#include "report/words.h"

void
words_add(struct words *w, char *text)
{
    if (w->n == WORDS_MAX) {
        free(text);
        return;
    }
    w->items[w->n++] = text;
}

char *
words_take(struct words *w)
{
    char *first = w->items[0];

    if (w->n == 0) {
        return NULL;
    }
    w->n--;
    memmove(&w->items[0], &w->items[1], w->n * sizeof(w->items[0]));
    return first;
}

void
words_drop(struct words *w)
{
    while (w->n > 0) {
        free(w->items[--w->n]);
    }
}
