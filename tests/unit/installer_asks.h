// SPDX-License-Identifier: MIT
//  The requests of the installer, asked in one world (installer_world.h), and what is looked at after.
#ifndef GGEN_INSTALLER_ASKS_H
#define GGEN_INSTALLER_ASKS_H

#include "tests/unit/installer_world.h"

static world_t world;

static UNUSED int
set_up (void **state)
{
    (void) state;
    world_start (&world);
    return 0;
}

static UNUSED int
tear_down (void **state)
{
    (void) state;
    world_stop (&world);
    return 0;
}

//  ---- asking --------------------------------------------------------------------------------------

typedef struct {
    Ggen__InstallRequest request;
    char *wants [16];
} want_t;

//  "alpha beta@^1": a request for these.
static UNUSED Ggen__InstallRequest *
want (want_t *self, const char *wants)
{
    static char text [512];
    ggen__install_request__init (&self->request);
    self->request.wants = self->wants;
    snprintf (text, sizeof text, "%s", wants);
    char *rest = text, *one;
    while ((one = strsep (&rest, " ")) != NULL)
        if (*one)
            self->wants [self->request.n_wants++] = one;
    return &self->request;
}

static UNUSED code_t
install_as (const Ggen__InstallRequest *request)
{
    return world_ask (&world, &request->base, &ggen__install_reply__descriptor);
}

static UNUSED code_t
install (const char *wants)
{
    want_t self;
    return install_as (want (&self, wants));
}

static UNUSED code_t
remove_as (const char *name, bool force)
{
    Ggen__RemoveRequest request = GGEN__REMOVE_REQUEST__INIT;
    char *names [] = {(char *) (uintptr_t) name};
    request.names = names;
    request.n_names = 1;
    request.force = force;
    return world_ask (&world, &request.base, &ggen__remove_reply__descriptor);
}

static UNUSED code_t
roll_back (uint64_t generation)
{
    Ggen__RollbackRequest request = GGEN__ROLLBACK_REQUEST__INIT;
    request.generation = generation;
    return world_ask (&world, &request.base, &ggen__rollback_reply__descriptor);
}

static UNUSED code_t
verify (bool fix)
{
    Ggen__VerifyRequest request = GGEN__VERIFY_REQUEST__INIT;
    request.fix = fix;
    return world_ask (&world, &request.base, &ggen__verify_reply__descriptor);
}

static UNUSED code_t
publish (const char *path, const char *version)
{
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = (char *) (uintptr_t) path;
    request.version = (char *) (uintptr_t) version;
    return world_ask (&world, &request.base, &ggen__publish_tree_reply__descriptor);
}

//  "ADD beta 1.0.0, KEEP alpha 1.0.0": the steps of the last answer.
static UNUSED const char *
steps_text (Ggen__PlanStep **steps, size_t count)
{
    static char text [1024];
    static const char *const actions [] = {"KEEP",      "ADD",    "UPGRADE",
                                           "DOWNGRADE", "REMOVE", "REINSTALL"};
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t) snprintf (text + used, sizeof text - used, "%s%s %s %s", i ? ", " : "",
                                   actions [steps [i]->action], steps [i]->name,
                                   *steps [i]->version ? steps [i]->version : steps [i]->previous);
    return text;
}

static UNUSED const Ggen__InstallReply *
installed (void)
{
    assert_non_null (world.reply);
    return (const void *) world.reply;
}

static UNUSED void
assert_steps (const char *text)
{
    const Ggen__InstallReply *reply = installed ();
    assert_string_equal (steps_text (reply->steps, reply->n_steps), text);
}

static UNUSED void
assert_ok (code_t code)
{
    if (code != OK)
        fail_msg ("%s: %s (%s)", code_name (code), world.failure ? world.failure->message : "-",
                  world.failure ? world.failure->hint : "-");
}

static UNUSED void
assert_told (const char *text)
{
    assert_non_null (world.failure);
    if (!strstr (world.failure->message, text))
        fail_msg ("'%s' is not in '%s'", text, world.failure->message);
}

static UNUSED Ggen__Lock *
lock_now (void)
{
    Ggen__Lock *lock = NULL;
    char *why = NULL;
    const char *text = world.generations [world.current].lock;
    assert_non_null (text);
    assert_int_equal (lockfile_read (text, strlen (text), &lock, &why), OK);
    return lock;
}

//  "alpha 1.0.0 direct, beta 1.1.0": what is installed.
static UNUSED void
assert_installed (const char *wanted)
{
    char text [1024] = "";
    size_t used = 0;
    Ggen__Lock *lock = lock_now ();
    for (size_t i = 0; i < lock->n_packages; i++)
        used += (size_t) snprintf (text + used, sizeof text - used, "%s%s %s%s", i ? ", " : "",
                                   lock->packages [i]->name, lock->packages [i]->version,
                                   lock->packages [i]->direct ? " direct" : "");
    ggen__lock__free_unpacked (lock, NULL);
    assert_string_equal (text, wanted);
}

//  Nothing was installed, and what was in the making is gone.
static UNUSED void
assert_untouched (void)
{
    assert_int_equal (world.commits, 0);
    assert_int_equal (world.pinned, 0);
    assert_int_equal (world.staged_count, 0);
}

static UNUSED bool
is_warned (char *const *warnings, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (strstr (warnings [i], text))
            return true;
    return false;
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

#endif
