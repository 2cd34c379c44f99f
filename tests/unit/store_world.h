// SPDX-License-Identifier: MIT
//  A home and a target in a temporary directory, with the store actor.
#ifndef GGEN_STORE_WORLD_H
#define GGEN_STORE_WORLD_H

#include "tests/unit/store_rig.h"

#include "actors/store/place_io.h"

typedef struct {
    temp_t temp;
    rig_t rig;
    char base [200];                //  of the target: DIR/.ggen
    char target [128];
} world_t;

static UNUSED int
set_up (void **state)
{
    world_t *world = calloc (1, sizeof *world);
    char home [128];
    world->temp = temp_new ();
    assert_int_equal (mkdirat (world->temp.fd, "home", 0755), 0);
    snprintf (home, sizeof home, "%s/home", world->temp.name);
    snprintf (world->target, sizeof world->target, "%s/target", world->temp.name);
    snprintf (world->base, sizeof world->base, "%s/.ggen", world->target);
    rig_start (&world->rig, home, world->temp.name, true);
    *state = world;
    return 0;
}

static UNUSED int
tear_down (void **state)
{
    world_t *world = *state;
    rig_stop (&world->rig);
    temp_done (&world->temp);
    free (world);
    return 0;
}

//  Another process comes: its actor knows nothing of what the last one did.
static UNUSED void
restart (world_t *world, bool writable)
{
    char home [128];
    strcpy (home, world->rig.home);
    rig_stop (&world->rig);
    rig_start (&world->rig, home, world->temp.name, writable);
}

static UNUSED void
assert_text (const char *base, const char *name, const char *text)
{
    const char *found = rig_read_file (base, name);
    if (!found)
        fail_msg ("%s/%s is not there", base, name);
    assert_string_equal (found, text);
}

static UNUSED bool
exists (const char *base, const char *name)
{
    char path [400];
    struct stat info;
    snprintf (path, sizeof path, "%s/%s", base, name);
    return lstat (path, &info) == 0;
}

static UNUSED made_t
install (rig_t *rig, const char *root, const char *id, const char *text, uint64_t expected)
{
    made_t made;
    assert_int_equal (rig_unpack (rig, root, id, text, &made), OK);
    assert_int_equal (rig_commit (rig, root, &made, 1, expected, text), OK);
    return made;
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

#endif
