// SPDX-License-Identifier: MIT
#include "lock.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adopted.h"
#include "digest.h"
#include "memory.h"
#include "order.h"
#include "package_id.h"
#include "publisher_key.h"
#include "semver.h"
#include "utf8.h"

static int
compare_packages (const void *a_, const void *b_)
{
    const Ggen__LockedPackage *a = *(Ggen__LockedPackage *const *) a_;
    const Ggen__LockedPackage *b = *(Ggen__LockedPackage *const *) b_;
    int order = strcmp (a->name, b->name);
    return order ? order : strcmp (a->version, b->version);
}

static int
compare_dependencies (const void *a_, const void *b_)
{
    const Ggen__LockedDependency *a = *(Ggen__LockedDependency *const *) a_;
    const Ggen__LockedDependency *b = *(Ggen__LockedDependency *const *) b_;
    int order = strcmp (a->name, b->name);
    return order ? order : strcmp (a->version, b->version);
}

void
lock_sort (Ggen__Lock *self)
{
    if (self->n_packages)
        qsort (self->packages, self->n_packages, sizeof *self->packages, compare_packages);
    for (size_t index = 0; index < self->n_packages; index++) {
        Ggen__LockedPackage *package = self->packages [index];
        if (package->n_dependencies)
            qsort (package->dependencies, package->n_dependencies, sizeof *package->dependencies,
                compare_dependencies);
    }
}

size_t
lock_position (const Ggen__Lock *self, const char *name)
{
    size_t from = 0, to = self->n_packages;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (strcmp (self->packages [middle]->name, name) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from < self->n_packages && !strcmp (self->packages [from]->name, name)
        ? from : self->n_packages;
}

Ggen__LockedPackage *
lock_find (const Ggen__Lock *self, const char *name)
{
    size_t at = lock_position (self, name);
    return at < self->n_packages ? self->packages [at] : NULL;
}

static code_t printf_like (2, 3)
refuse (char **why_p, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    int size = vasprintf (why_p, format, arguments);
    va_end (arguments);
    assert (size >= 0);
    return VALIDATION;
}

static bool
is_digest (ProtobufCBinaryData field, size_t size)
{
    return field.len == 0 || field.len == size;
}

static code_t
check_dependencies (const Ggen__Lock *self, const Ggen__LockedPackage *package, char **why_p)
{
    if (package->n_dependencies > LOCK_DEPENDENCIES_MAX)
        return refuse (why_p, "%s@%s: more than %d dependencies", package->name, package->version,
            LOCK_DEPENDENCIES_MAX);
    for (size_t index = 0; index < package->n_dependencies; index++) {
        const Ggen__LockedDependency *need = package->dependencies [index];
        const Ggen__LockedPackage *found = lock_find (self, need->name);
        if (!found || strcmp (found->version, need->version))
            return refuse (why_p, "%s@%s: its dependency %s@%s is not in the lockfile",
                package->name, package->version, need->name, need->version);
    }
    return OK;
}

static code_t
check_package (const Ggen__LockedPackage *package, char **why_p)
{
    semver_t version;
    if (!package_id_valid (package->name))
        return refuse (why_p, "'%s' is no package name", package->name);
    if (semver_parse (&version, package->version) != OK)
        return refuse (why_p, "%s: '%s' is no version", package->name, package->version);
    if (!is_digest (package->sha256, DIGEST_SIZE)
    ||  !is_digest (package->files_sha256, DIGEST_SIZE))
        return refuse (why_p, "%s: no SHA-256", package->name);
    if (!is_digest (package->publisher_key, PUBLISHER_KEY_SIZE))
        return refuse (why_p, "%s: no publisher key", package->name);
    if (*package->adopted && (!utf8_valid (package->adopted) || !adopted_path_valid (package->adopted)))
        return refuse (why_p, "%s: adopted from no path", package->name);
    if (!utf8_valid (package->resolved) || !utf8_valid (package->description))
        return refuse (why_p, "%s: text that is not UTF-8", package->name);
    for (size_t index = 0; index < package->n_categories; index++)
        if (!utf8_valid (package->categories [index]))
            return refuse (why_p, "%s: a category that is not UTF-8", package->name);
    return OK;
}

static char *
cycle_text (const Ggen__Lock *self, const uint32_t *cycle, size_t count)
{
    char *text = memory_strdup ("");
    for (size_t index = 0; index <= count; index++) {
        const Ggen__LockedPackage *package = self->packages [cycle [index % count]];
        char *longer = NULL;
        int size = asprintf (&longer, "%s%s%s@%s", text, index ? " -> " : "", package->name,
            package->version);
        assert (size >= 0);
        free (text);
        text = longer;
    }
    return text;
}

static code_t
check_acyclic (const Ggen__Lock *self, char **why_p)
{
    size_t targets_count = 0;
    for (size_t index = 0; index < self->n_packages; index++)
        targets_count += self->packages [index]->n_dependencies;
    uint32_t *starts = memory_new (self->n_packages + 1, sizeof *starts);
    uint32_t *targets = memory_new (targets_count, sizeof *targets);
    uint32_t *order = memory_new (self->n_packages, sizeof *order);

    for (size_t index = 0, at = 0; index < self->n_packages; index++) {
        const Ggen__LockedPackage *package = self->packages [index];
        for (size_t need = 0; need < package->n_dependencies; need++)
            targets [at++] = (uint32_t) lock_position (self, package->dependencies [need]->name);
        starts [index + 1] = (uint32_t) at;
    }
    order_graph_t graph = {self->n_packages, starts, targets};
    size_t count = 0;
    code_t code = order_sort (&graph, order, &count);
    if (code != OK)
        *why_p = cycle_text (self, order, count);
    free (starts);
    free (targets);
    free (order);
    return code;
}

code_t
lock_check (const Ggen__Lock *self, char **why_p)
{
    *why_p = NULL;
    if (self->n_packages > LOCK_PACKAGES_MAX)
        return refuse (why_p, "more than %d packages", LOCK_PACKAGES_MAX);
    for (size_t index = 0; index < self->n_packages; index++) {
        const Ggen__LockedPackage *package = self->packages [index];
        code_t code = check_package (package, why_p);
        if (code != OK)
            return code;
        if (index && !strcmp (self->packages [index - 1]->name, package->name))
            return refuse (why_p, "%s: two versions, %s and %s", package->name,
                self->packages [index - 1]->version, package->version);
    }
    for (size_t index = 0; index < self->n_packages; index++) {
        code_t code = check_dependencies (self, self->packages [index], why_p);
        if (code != OK)
            return code;
    }
    return check_acyclic (self, why_p);
}

Ggen__Lock *
lock_copy (const Ggen__Lock *self)
{
    size_t size = ggen__lock__get_packed_size (self);
    uint8_t *bytes = memory_new (size, 1);
    ggen__lock__pack (self, bytes);
    Ggen__Lock *copy = ggen__lock__unpack (NULL, size, bytes);
    assert (copy);
    free (bytes);
    return copy;
}
