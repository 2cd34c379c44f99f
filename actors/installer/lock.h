// SPDX-License-Identifier: MIT
//  What is installed, as a value: one entry per package, sorted by name (SPEC 3.5).
#ifndef GGEN_INSTALLER_LOCK_H
#define GGEN_INSTALLER_LOCK_H

#include "base.h"
#include "installer.pb-c.h"

#define LOCK_PACKAGES_MAX       65536
#define LOCK_DEPENDENCIES_MAX    4096       //  Of one package

//  Sort packages by name and dependencies by name: the order that lock_find () and lock_check ()
//  need.
void
    lock_sort (Ggen__Lock *self);

//  The package of this name in a sorted lock, or NULL. Borrowed.
Ggen__LockedPackage *
    lock_find (const Ggen__Lock *self, const char *name);

//  Its position, or n_packages.
size_t
    lock_position (const Ggen__Lock *self, const char *name);

//  Check a sorted lock: ids and versions valid, one entry per name, digests and keys of the right
//  size or empty, every dependency there in just that version, no cycles, within the bounds, all
//  text UTF-8.
//  OK                    it is one
//  VALIDATION            it is not
//  CIRCULAR_DEPENDENCY   *why_p is the path
//  Except after OK, *why_p says what is wrong; the caller frees it.
must_use code_t
    lock_check (const Ggen__Lock *self, char **why_p);

//  A deep copy; free with ggen__lock__free_unpacked (copy, NULL).
Ggen__Lock *
    lock_copy (const Ggen__Lock *self);

#endif
