// SPDX-License-Identifier: MIT
//  The file of a node's key pair.
#include "actors/swarm/identity_io.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/temp_dir.h"

typedef struct {
    char dir[TEMP_DIR_SIZE];
    char path[128];
    char why[512];
} fixture_t;

static int
set_up (void **state)
{
    fixture_t *self = calloc (1, sizeof *self);
    assert_true (sodium_init () >= 0);
    temp_dir_make (self->dir);
    snprintf (self->path, sizeof self->path, "%s/p2p/keypair", self->dir);
    *state = self;
    return 0;
}

static int
tear_down (void **state)
{
    fixture_t *self = *state;
    temp_dir_remove (self->dir);
    free (self);
    return 0;
}

static code_t
open_it (fixture_t *self, identity_file_t **it)
{
    return identity_file_open (it, self->path, self->why, sizeof self->why);
}

//  Its public key, of a file that is fine.
static void
key_of (fixture_t *self, uint8_t key[CRYPTO_KEY_BYTES])
{
    identity_file_t *it;
    assert_int_equal (open_it (self, &it), OK);
    memcpy (key, identity_file_identity (it)->key, CRYPTO_KEY_BYTES);
    identity_file_close (&it);
    assert_null (it);
}

static void
write_file (const fixture_t *self, const char *text, size_t size)
{
    int fd = open (self->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true (fd >= 0);
    assert_int_equal (write (fd, text, size), size);
    close (fd);
}

static void
assert_damaged (fixture_t *self, const char *text, size_t size)
{
    identity_file_t *it;
    write_file (self, text, size);
    assert_int_equal (open_it (self, &it), VALIDATION);
    assert_null (it);
    assert_non_null (strstr (self->why, self->path));
    assert_non_null (strstr (self->why, "it is no key pair of a node"));
}

static void
it_is_made_once_for_its_owner_alone_and_stays_the_same (void **state)
{
    fixture_t *self = *state;
    uint8_t first[CRYPTO_KEY_BYTES], again[CRYPTO_KEY_BYTES];
    struct stat st;
    key_of (self, first);
    assert_int_equal (stat (self->path, &st), 0);
    assert_int_equal (st.st_mode & 07777, 0600);
    assert_int_equal (st.st_size, 65);
    key_of (self, again);
    assert_memory_equal (first, again, sizeof first);
    assert_int_equal (unlink (self->path), 0);
    key_of (self, again);
    assert_memory_not_equal (first, again, sizeof first);
}

static void
what_others_may_read_is_refused (void **state)
{
    fixture_t *self = *state;
    identity_file_t *it;
    uint8_t key[CRYPTO_KEY_BYTES];
    key_of (self, key);
    const mode_t modes[] = {0640, 0604, 0660, 0644};
    for (size_t i = 0; i < COUNT_OF (modes); i++) {
        assert_int_equal (chmod (self->path, modes[i]), 0);
        assert_int_equal (open_it (self, &it), VALIDATION);
        assert_null (it);
        assert_non_null (strstr (self->why, "make it 0600"));
    }
    assert_int_equal (chmod (self->path, 0600), 0);
    key_of (self, key);
}

static void
a_damaged_file_is_told_and_never_replaced (void **state)
{
    fixture_t *self = *state;
    uint8_t key[CRYPTO_KEY_BYTES];
    char text[80];
    key_of (self, key);
    memset (text, 'a', sizeof text);
    assert_damaged (self, "", 0);
    assert_damaged (self, text, 64);            //  no newline
    assert_damaged (self, text, 65);
    text[64] = '\n';
    assert_damaged (self, text, 66);            //  more after it
    text[3] = 'x';
    assert_damaged (self, text, 65);            //  no digit
    text[3] = 0;
    assert_damaged (self, text, 65);
    struct stat st;
    assert_int_equal (stat (self->path, &st), 0);
    assert_int_equal (st.st_size, 65);
}

static void
a_link_is_not_followed (void **state)
{
    fixture_t *self = *state;
    identity_file_t *it;
    uint8_t key[CRYPTO_KEY_BYTES];
    char elsewhere[160];
    key_of (self, key);
    snprintf (elsewhere, sizeof elsewhere, "%s.elsewhere", self->path);
    assert_int_equal (rename (self->path, elsewhere), 0);
    assert_int_equal (symlink (elsewhere, self->path), 0);
    assert_int_not_equal (open_it (self, &it), OK);
    assert_null (it);
    unlink (elsewhere);
}

static void
what_is_no_file_is_told_and_never_waited_for (void **state)
{
    fixture_t *self = *state;
    identity_file_t *it;
    uint8_t key[CRYPTO_KEY_BYTES];
    key_of (self, key);
    assert_int_equal (unlink (self->path), 0);
    assert_int_equal (mkfifo (self->path, 0600), 0);
    alarm (10);
    assert_int_not_equal (open_it (self, &it), OK);
    alarm (0);
    assert_null (it);
}

static void
its_signature_and_its_transport_key_are_of_its_public_key (void **state)
{
    fixture_t *self = *state;
    identity_file_t *it;
    uint8_t signature[CRYPTO_SIGNATURE_BYTES], public_key[32], secret_key[32], expected[32];
    assert_int_equal (open_it (self, &it), OK);
    const identity_t *identity = identity_file_identity (it);
    identity->sign (identity->context, "hello", 5, signature);
    assert_int_equal (crypto_sign_verify_detached (signature, (const uint8_t *) "hello", 5,
                                                   identity->key),
                      0);
    identity_file_transport (it, public_key, secret_key);
    assert_int_equal (crypto_scalarmult_base (expected, secret_key), 0);
    assert_memory_equal (public_key, expected, sizeof expected);
    identity_file_close (&it);
}

//  Two at one time have two names; one after the other has the file's; nothing is made.
static void
it_is_lent_to_one_call_at_a_time (void **state)
{
    fixture_t *self = *state;
    uint8_t key[CRYPTO_KEY_BYTES];
    identity_file_t *first, *second;
    assert_int_equal (identity_file_borrow (&first, self->path), OK);
    assert_int_not_equal (access (self->path, F_OK), 0);
    identity_file_close (&first);
    key_of (self, key);
    assert_int_equal (identity_file_borrow (&first, self->path), OK);
    assert_int_equal (identity_file_borrow (&second, self->path), OK);
    assert_memory_equal (identity_file_identity (first)->key, key, sizeof key);
    assert_memory_not_equal (identity_file_identity (second)->key, key, sizeof key);
    identity_file_close (&first);
    identity_file_close (&second);
    assert_int_equal (identity_file_borrow (&first, self->path), OK);
    assert_memory_equal (identity_file_identity (first)->key, key, sizeof key);
    identity_file_close (&first);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (it_is_made_once_for_its_owner_alone_and_stays_the_same,
                                         set_up, tear_down),
        cmocka_unit_test_setup_teardown (it_is_lent_to_one_call_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown (what_others_may_read_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown (a_damaged_file_is_told_and_never_replaced, set_up,
                                         tear_down),
        cmocka_unit_test_setup_teardown (a_link_is_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown (what_is_no_file_is_told_and_never_waited_for, set_up,
                                         tear_down),
        cmocka_unit_test_setup_teardown (its_signature_and_its_transport_key_are_of_its_public_key,
                                         set_up, tear_down),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
