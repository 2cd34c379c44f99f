// SPDX-License-Identifier: MIT
//  Sessions, paths and recovery keys, with a node of two toy actors.
#include "cli/path.h"
#include "cli/recovery.h"
#include "cli/session.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "hex.h"
#include "registry.pb-c.h"
#include "runtime/actor/out.h"
#include "runtime/host/host.h"

#include <limits.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/temp_dir.h"

//  ---- a node of toys ----------------------------------------------------------------------------

static void *
toy_create (const actor_env_t *env)
{
    (void) env;
    return calloc (1, 1);
}

static code_t
on_search (void *self, const delivery_t *at, const ProtobufCMessage *message)
{
    (void) self;
    const Ggen__SearchRequest *request = (const void *) message;
    Ggen__SearchReply reply = GGEN__SEARCH_REPLY__INIT;
    reply.total = 7;
    if (strcmp (request->query, "fail") == 0)
        return out_fail (at, NETWORK, "plug it in", "no network");
    if (strcmp (request->query, "bare") == 0)
        return out_fail (at, STORAGE, "", "no disk");
    return strcmp (request->query, "silence") == 0 ? OK : out_reply (at, &reply.base);
}

static const handler_t rows [] = {{&ggen__search_request__descriptor, on_search, THIS_NODE},
                                  {NULL, NULL, THIS_NODE}};
static const actor_class_t toy = {
    .name = "registry", .create = toy_create, .destroy = free, .rows = rows};

static code_t
start_toys (void *context, const home_t *home, bool daemon, void **node_p, const char **endpoint_p,
            char *why, size_t why_size)
{
    (void) context;
    const role_t role = {.class = &toy};
    const bus_setup_t setup = {.roles = &role, .roles_count = 1, .home = home->dir,
                               .version = "test", .daemon = daemon};
    host_t *host = NULL;
    const code_t code = host_start (&host, &setup, why, why_size);
    if (code == OK)
        *endpoint_p = host_endpoint (host);
    *node_p = host;
    return code;
}

static void
stop_toys (void *context, void **node_p)
{
    (void) context;
    host_t *host = *node_p;
    host_stop (&host);
    *node_p = NULL;
}

static const client_embed_t toys = {start_toys, stop_toys, NULL, NULL};

//  ---- a verb ------------------------------------------------------------------------------------

typedef struct {
    args_t args;
    screen_t screen;
    char *out, *err;
    size_t out_size, err_size;
    session_t *session;
} run_t;

static char dir [TEMP_DIR_SIZE];

static int
make_dir (void **state)
{
    (void) state;
    temp_dir_make (dir);
    session_provide (&toys);
    return chdir (dir) == 0 && setenv ("HOME", dir, 1) == 0
                   && unsetenv ("GGEN_HOME") == 0 ? 0 : -1;
}

static int
remove_dir (void **state)
{
    (void) state;
    return rmdir (dir);
}

//  Begin `ggen market search --home none OPTION...`.
static void
begin (run_t *self, int words_count, const char *const words [])
{
    char *argv [16] = {"ggen", "market", "search"};
    for (int at = 0; at < words_count; at++)
        argv [3 + at] = (char *) (uintptr_t) words [at];
    *self = (run_t) {0};
    assert_int_equal (command_parse (3 + words_count, argv, &self->args), OK);
    self->screen.json = args_json (&self->args);
    self->screen.out = open_memstream (&self->out, &self->out_size);
    self->screen.err = open_memstream (&self->err, &self->err_size);
    self->session = session_open (&self->args, &self->screen);
    assert_non_null (self->session);
}

static const Ggen__SearchReply *
ask (run_t *self, const char *query)
{
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = (char *) (uintptr_t) query;
    const void *reply = session_ask (self->session, "registry", &request.base,
                                     &ggen__search_reply__descriptor);
    fflush (self->screen.out);
    fflush (self->screen.err);
    return reply;
}

static void
end (run_t *self)
{
    session_close (&self->session);
    assert_null (self->session);
    fclose (self->screen.out);
    fclose (self->screen.err);
    free (self->out);
    free (self->err);
}

static void
an_answer_is_kept_until_the_end_and_a_read_makes_no_home (void **state)
{
    (void) state;
    run_t run;
    begin (&run, 2, (const char *const []) {"--home", "none"});
    const Ggen__SearchReply *first = ask (&run, ""), *second = ask (&run, "x");
    assert_non_null (second);
    assert_int_equal (first->total, 7);
    assert_int_equal (session_status (run.session), VERB_DONE);
    assert_int_equal (access ("none", F_OK), -1);
    assert_string_equal (run.err, "");
    end (&run);
}

static void
a_failure_is_printed_once_and_gives_the_status (void **state)
{
    (void) state;
    run_t run;
    begin (&run, 2, (const char *const []) {"--home", "none"});
    assert_null (ask (&run, "fail"));
    assert_int_equal (session_status (run.session), VERB_FAILED);
    assert_string_equal (run.err, "error: no network\nhint: plug it in\n");
    end (&run);
}

static void
only_a_cancelled_call_is_said_to_have_changed_nothing (void **state)
{
    (void) state;
    run_t run;
    begin (&run, 2, (const char *const []) {"--home", "none"});
    assert_null (ask (&run, "bare"));
    assert_string_equal (run.err, "error: no disk\n");
    end (&run);
}

static void
with_json_a_failure_is_the_document (void **state)
{
    (void) state;
    run_t run;
    begin (&run, 3, (const char *const []) {"--home", "none", "--json"});
    assert_null (ask (&run, "fail"));
    assert_non_null (strstr (run.out, "\"code\": \"NETWORK\""));
    assert_string_equal (run.err, "");
    end (&run);
}

static void
without_any_home_nothing_can_be_asked (void **state)
{
    (void) state;
    run_t run;
    unsetenv ("HOME");
    begin (&run, 0, NULL);
    assert_null (ask (&run, ""));
    assert_int_equal (session_status (run.session), VERB_FAILED);
    assert_non_null (strstr (run.err, "$HOME is not set"));
    end (&run);
    setenv ("HOME", dir, 1);
}

//  Last of all: the interrupt of a process stays.
static void
a_verb_gives_up_when_its_time_is_over (void **state)
{
    (void) state;
    run_t run;
    begin (&run, 4, (const char *const []) {"--home", "none", "--timeout", "0.05"});
    assert_null (ask (&run, "silence"));
    assert_int_equal (session_status (run.session), VERB_FAILED);
    assert_string_equal (run.err, "error: gave up after 0.05 s\n"
                                  "hint: nothing was changed; allow more time: --timeout SECS\n");
    end (&run);
}

//  ---- paths -------------------------------------------------------------------------------------

static void
becomes (const char *given, path_need_t need, const char *expected)
{
    char why [PATH_MAX + 256];
    AUTO (text_free) char *path = NULL;
    assert_int_equal (path_absolute (given, need, &path, why, sizeof why), OK);
    assert_string_equal (path, expected);
}

static void
is_refused (const char *given, path_need_t need, const char *word)
{
    char why [PATH_MAX + 256];
    char *path = NULL;
    assert_int_not_equal (path_absolute (given, need, &path, why, sizeof why), OK);
    assert_null (path);
    assert_non_null (strstr (why, word));
}

static void
paths_become_absolute_and_what_is_missing_is_kept_as_written (void **state)
{
    (void) state;
    char wanted [128];
    snprintf (wanted, sizeof wanted, "%s/a/b", dir);
    becomes (".", PATH_EXISTS, dir);
    becomes (".", PATH_MAY_EXIST, dir);
    becomes ("a/b", PATH_MAY_EXIST, wanted);
    becomes ("./a//./b/", PATH_MAY_EXIST, wanted);
    becomes ("/no-such-folder/x", PATH_MAY_EXIST, "/no-such-folder/x");
    becomes ("/", PATH_MAY_EXIST, "/");
}

static void
paths_that_lead_nowhere_are_refused_by_name (void **state)
{
    (void) state;
    is_refused ("a/../b", PATH_MAY_EXIST, "a/../b");
    is_refused ("a/b", PATH_EXISTS, "a/b: No such file");
    is_refused ("", PATH_EXISTS, "empty");
    is_refused ("/dev/null/x", PATH_MAY_EXIST, "/dev/null/x");
}

static void
no_path_is_no_path (void **state)
{
    (void) state;
    char why [64];
    AUTO (text_free) char *path = NULL;
    assert_int_equal (path_absolute (NULL, PATH_EXISTS, &path, why, sizeof why), OK);
    assert_string_equal (path, "");
}

//  ---- recovery keys -----------------------------------------------------------------------------

static void
a_recovery_key_is_a_seed_and_the_digest_of_its_public_half (void **state)
{
    (void) state;
    recovery_t one, other;
    uint8_t seed [32], public_key [32], secret_key [64], digest [32];
    assert_int_equal (recovery_make (&one), OK);
    assert_int_equal (recovery_make (&other), OK);
    assert_string_not_equal (one.text, other.text);
    assert_int_equal (strncmp (one.text, "recovery:", 9), 0);
    assert_int_equal (hex_decode (seed, sizeof seed, one.text + 9), OK);
    crypto_sign_seed_keypair (public_key, secret_key, seed);
    crypto_hash_sha256 (digest, public_key, sizeof public_key);
    assert_memory_equal (one.public_sha256.bytes, digest, sizeof digest);
    recovery_wipe (&one);
    assert_int_equal (*one.text, 0);
}

int
main (void)
{
    const struct CMUnitTest tests [] = {
        cmocka_unit_test (an_answer_is_kept_until_the_end_and_a_read_makes_no_home),
        cmocka_unit_test (a_failure_is_printed_once_and_gives_the_status),
        cmocka_unit_test (only_a_cancelled_call_is_said_to_have_changed_nothing),
        cmocka_unit_test (with_json_a_failure_is_the_document),
        cmocka_unit_test (without_any_home_nothing_can_be_asked),
        cmocka_unit_test (paths_become_absolute_and_what_is_missing_is_kept_as_written),
        cmocka_unit_test (paths_that_lead_nowhere_are_refused_by_name),
        cmocka_unit_test (no_path_is_no_path),
        cmocka_unit_test (a_recovery_key_is_a_seed_and_the_digest_of_its_public_half),
        cmocka_unit_test (a_verb_gives_up_when_its_time_is_over),
    };
    return cmocka_run_group_tests (tests, make_dir, remove_dir);
}
