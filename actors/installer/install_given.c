// SPDX-License-Identifier: MIT
//  A ggen.lock that somebody put into a target, by hand or from version control: what it says is to
//  be installed, whatever is there. It is read as what was chosen before, so the choice, --frozen and
//  the digests of archives are held to it; but nothing of it was ever checked here, so each release
//  is, and its publisher has to be the locked one.
#include "install.h"

#include "lockfile.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static void
forget_place (Ggen__LockedPackage *locked)
{
    if (locked->adopted != protobuf_c_empty_string)
        free (locked->adopted);
    locked->adopted = (char *) protobuf_c_empty_string;
}

void
install_read_given (task_t *task)
{
    install_t *self = install_of (task);
    const Ggen__InstallRequest *request = install_request (task);
    Ggen__Lock *given = NULL;
    char *why = NULL;
    if (!task->given_lock) {
        if (request->frozen && request->n_wants == 0 && task->generation == 0
            && task->before->n_packages == 0)
            task_fail (task, PACKAGE_NOT_FOUND,
                       "put a ggen.lock into the directory of `--target DIR`, or install by name",
                       "there is no ggen.lock that could be reproduced");
        else
            install_gather (task);
        return;
    }
    code_t code = lockfile_read (task->given_lock, strlen (task->given_lock), &given, &why);
    if (code)
        task_fail (task, code, "put a sound ggen.lock there, or remove the file", "%s/ggen.lock: %s",
                   task->root, why ? why : code_name (code));
    else {
        //  Where packages lie that were adopted elsewhere says nothing here.
        for (size_t i = 0; i < given->n_packages; i++)
            forget_place (given->packages [i]);
        self->installed = task->before;
        task->before = given;
        task->replaces_lock = true;
        install_gather (task);
    }
    free (why);
}

bool
install_is_there (const task_t *task, const Ggen__LockedPackage *locked)
{
    const install_t *self = install_of (task);
    if (!self->installed)
        return true;
    const Ggen__LockedPackage *there = lock_find (self->installed, locked->name);
    return there && strcmp (there->version, locked->version) == 0
           && there->sha256.len == locked->sha256.len
           && (locked->sha256.len == 0
               || memcmp (there->sha256.data, locked->sha256.data, locked->sha256.len) == 0);
}

//  False, after task_fail, when a release that the lock names is by somebody else than it says.
static bool
publishers_are_as_given (task_t *task)
{
    for (size_t i = 0; i < task->items_count; i++) {
        const Ggen__LockedPackage *is = task->items [i].locked;
        const Ggen__LockedPackage *given = lock_find (task->before, is->name);
        if (!given || strcmp (given->version, is->version) != 0 || given->publisher_key.len == 0)
            continue;
        if (is->publisher_key.len == given->publisher_key.len
            && memcmp (is->publisher_key.data, given->publisher_key.data, is->publisher_key.len) == 0)
            continue;
        task_fail (task, UNTRUSTED_PUBLISHER,
                   "install that package by name if the new publisher is to be trusted",
                   "%s %s is by another publisher than ggen.lock says", is->name, is->version);
        return false;
    }
    return true;
}

bool
install_take_given (task_t *task)
{
    const install_t *self = install_of (task);
    if (!self->installed)
        return true;
    if (!publishers_are_as_given (task))
        return false;
    install_plan (task, self->installed);
    return true;
}
