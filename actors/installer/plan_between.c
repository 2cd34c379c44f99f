// SPDX-License-Identifier: MIT
#include "plan.h"

#include "memory.h"

#include <stdlib.h>

void
plan_between (const Ggen__Lock *before, const Ggen__Lock *after, Ggen__PlanStep ***steps_p,
              size_t *count_p)
{
    size_t count = after->n_packages;
    Ggen__Package *packages = memory_new (count, sizeof *packages);
    const Ggen__Package **chosen = memory_new (count, sizeof *chosen);
    const char **direct = memory_new (count, sizeof *direct);
    const char **again = memory_new (count, sizeof *again);
    size_t direct_count = 0, again_count = 0;
    for (size_t i = 0; i < count; i++) {
        const Ggen__LockedPackage *locked = after->packages [i];
        ggen__package__init (&packages [i]);
        packages [i].id = locked->name;
        packages [i].version = locked->version;
        packages [i].sha256 = locked->sha256;
        packages [i].size_bytes = locked->size_bytes;
        chosen [i] = &packages [i];
        if (locked->direct)
            direct [direct_count++] = locked->name;
        //  One that was adopted and one of ours are never the same.
        const Ggen__LockedPackage *old = lock_find (before, locked->name);
        if (old && !*old->adopted != !*locked->adopted)
            again [again_count++] = locked->name;
    }
    plan_query_t query = {.before = before,
                          .chosen = chosen,
                          .chosen_count = count,
                          .direct = {direct, direct_count},
                          .reinstall = {again, again_count}};
    plan_make (&query, steps_p, count_p);
    free (again);
    free (direct);
    free (chosen);
    free (packages);
}
