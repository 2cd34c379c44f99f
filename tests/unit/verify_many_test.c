// SPDX-License-Identifier: MIT
//  Many signatures on several processors: each gets the answer that it would get by itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "runtime/host/verify_many.h"

#include <sodium.h>
#include <string.h>

#define MANY 100

static uint8_t key[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
static uint8_t messages[MANY][3], signatures[MANY][crypto_sign_BYTES];

static int
set_up (void **state)
{
    (void) state;
    if (sodium_init () < 0)
        return -1;
    const uint8_t seed[crypto_sign_SEEDBYTES] = {5};
    crypto_sign_seed_keypair (key, secret, seed);
    for (unsigned i = 0; i < MANY; i++) {
        memset (messages[i], (int) i, sizeof messages[i]);
        crypto_sign_detached (signatures[i], NULL, messages[i], sizeof messages[i], secret);
    }
    return 0;
}

static void
each_of_many_gets_the_answer_that_it_would_get_by_itself (void **state)
{
    (void) state;
    static const size_t counts[] = {0, 1, VERIFY_MANY_MIN - 1, VERIFY_MANY_MIN, 33, MANY};
    for (unsigned n = 0; n < COUNT_OF (counts); n++) {
        crypto_check_t checks[MANY];
        for (size_t i = 0; i < counts[n]; i++)
            //  Every third is of another message.
            checks[i] = (crypto_check_t) {.signature = signatures[i],
                                          .message = messages[i % 3 ? i : (i + 1) % MANY],
                                          .key = key,
                                          .size = sizeof messages[i],
                                          .holds = i % 3 == 0};
        verify_many (checks, counts[n]);
        for (size_t i = 0; i < counts[n]; i++)
            assert_int_equal (checks[i].holds, i % 3 != 0);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (each_of_many_gets_the_answer_that_it_would_get_by_itself),
    };
    return cmocka_run_group_tests (tests, set_up, NULL);
}
