// SPDX-License-Identifier: MIT
#include "similar.h"

#include <ctype.h>
#include <string.h>

static unsigned
least (unsigned a, unsigned b, unsigned c)
{
    unsigned d = a < b ? a : b;
    return c < d ? c : d;
}

static bool
same (char a, char b)
{
    return tolower ((unsigned char) a) == tolower ((unsigned char) b);
}

unsigned
similar_distance (const char *a, const char *b, unsigned limit)
{
    size_t a_size = strlen (a), b_size = strlen (b);
    size_t gap = a_size > b_size ? a_size - b_size : b_size - a_size;
    if (gap > limit || a_size > SIMILAR_TEXT_MAX || b_size > SIMILAR_TEXT_MAX)
        return limit + 1;

    //  Three rows of the usual table: this one and the two above it
    unsigned rows [3] [SIMILAR_TEXT_MAX + 1];
    for (unsigned column = 0; column <= b_size; column++)
        rows [0] [column] = column;
    for (unsigned row = 1; row <= a_size; row++) {
        unsigned *above = rows [(row - 1) % 3], *here = rows [row % 3], best = row;
        here [0] = row;
        for (unsigned column = 1; column <= b_size; column++) {
            unsigned change = same (a [row - 1], b [column - 1]) ? 0 : 1;
            here [column] = least (above [column] + 1, here [column - 1] + 1,
                above [column - 1] + change);
            if (row > 1 && column > 1 && same (a [row - 1], b [column - 2])
            &&  same (a [row - 2], b [column - 1]))
                here [column] = least (here [column], rows [(row - 2) % 3] [column - 2] + 1,
                    here [column]);
            if (here [column] < best)
                best = here [column];
        }
        //  A transposition reaches back two rows for at most one step: a row that is all above the
        //  limit by more than that cannot recover
        if (best > limit + 1)
            return limit + 1;
    }
    unsigned distance = rows [a_size % 3] [b_size];
    return distance > limit ? limit + 1 : distance;
}

//  To the whole name; or to its part behind the namespace, whose want is one mistake.
static unsigned
distance_of (const char *wanted, const char *name, unsigned limit)
{
    const char *slash = strrchr (name, '/');
    unsigned whole = similar_distance (wanted, name, limit);
    if (!slash || strchr (wanted, '/'))
        return whole;
    unsigned part = similar_distance (wanted, slash + 1, limit) + 1;
    return part < whole ? part : whole;
}

void
similar_offer (similar_t *self, const char *name)
{
    unsigned limit = (unsigned) (strlen (self->wanted) / 3);
    unsigned distance = distance_of (self->wanted, name, limit ? limit : 1);
    if (distance > (limit ? limit : 1) || !strcmp (self->wanted, name))
        return;

    size_t at = self->count;
    for (; at > 0; at--) {
        int order = strcmp (self->names [at - 1], name);
        if (order == 0)
            return;                 //  Offered before
        if (self->distances [at - 1] < distance
        || (self->distances [at - 1] == distance && order < 0))
            break;
    }
    if (at == SIMILAR_MAX)
        return;
    if (self->count < SIMILAR_MAX)
        self->count++;
    for (size_t index = self->count - 1; index > at; index--) {
        self->names [index] = self->names [index - 1];
        self->distances [index] = self->distances [index - 1];
    }
    self->names [at] = name;
    self->distances [at] = distance;
}
