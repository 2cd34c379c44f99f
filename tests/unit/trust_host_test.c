// SPDX-License-Identifier: MIT
//  keyring, trust and state on one bus, with a real home: what the first signs the second accepts,
//  and the third remembers after a restart.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "actors/trust/keyring_io.h"
#include "actors/trust/trust.h"
#include "publisher_key.h"
#include "runtime/host/client.h"
#include "runtime/host/host.h"
#include "runtime/host/state_io.h"
#include "tests/temp_dir.h"
#include "trust.pb-c.h"

#include <stdlib.h>
#include <string.h>

static char home[TEMP_DIR_SIZE], keys_dir[128], state_path[128];
static const keyring_settings_t keyring_settings = {keys_dir};
static const state_settings_t state_settings = {.path = state_path};
static const role_t roles[] = {{NULL, &state_actor, &state_settings},
                               {NULL, &trust_actor, NULL},
                               {NULL, &keyring_actor, &keyring_settings}};

static code_t
start_node (void *context, const home_t *dir, bool daemon, void **node_p, const char **endpoint_p,
            char *why, size_t why_size)
{
    (void) context;
    (void) daemon;
    bus_setup_t setup = {
        .roles = roles, .roles_count = COUNT_OF (roles), .home = dir->dir, .version = "test"};
    code_t code = host_start ((host_t **) node_p, &setup, why, why_size);
    if (code == OK)
        *endpoint_p = host_endpoint (*node_p);
    return code;
}

static void
stop_node (void *context, void **node_p)
{
    (void) context;
    host_stop ((host_t **) node_p);
}

static client_t *
open_home (void)
{
    static const client_embed_t embed = {start_node, stop_node, NULL, NULL};
    char why[200] = "";
    client_t *client = NULL;
    client_setup_t setup = {
        .home_dir = home, .need = HOME_WRITE, .program = "test", .embed = &embed};
    code_t code = client_open (&client, &setup, why, sizeof why);
    if (code)
        fail_msg ("%s: %s", code_name (code), why);
    return client;
}

//  The answer, or NULL and *code_p.
static void *
call (client_t *client, const char *to, const ProtobufCMessage *request,
      const ProtobufCMessageDescriptor *expect, code_t *code_p)
{
    ProtobufCMessage *reply = NULL;
    Ggen__Failure *failure = NULL;
    client_call_t ask = {.to = to, .request = request, .expect = expect, .timeout_ms = 20000};
    *code_p = client_call (client, &ask, &reply, &failure);
    if (failure)
        ggen__failure__free_unpacked (failure, NULL);
    return reply;
}

//  A release of rust-cli 1.0.0 signed by a key that is made for it.
static Ggen__SignReply *
sign_release (client_t *client, const char *key_name)
{
    code_t code;
    uint8_t digest[32] = {1}, payload[512];
    Ggen__KeyGenerateRequest make = GGEN__KEY_GENERATE_REQUEST__INIT;
    make.name = (char *) key_name;
    void *made = call (client, "keyring", &make.base, &ggen__key_generate_reply__descriptor, &code);
    assert_int_equal (code, OK);
    protobuf_c_message_free_unpacked (made, NULL);
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = "rust-cli";
    release.version = "1.0.0";
    release.sha256 = release.files_sha256 = release.manifest_sha256 = release.chunks =
        (ProtobufCBinaryData) {sizeof digest, digest};
    release.size_bytes = 10;
    release.chunk_bytes = 262144;
    release.files_count = 1;
    release.archive_format = "tar.gz";
    assert_true (ggen__release__get_packed_size (&release) <= sizeof payload);
    Ggen__SignRequest sign = GGEN__SIGN_REQUEST__INIT;
    sign.kind = GGEN__RECORD_KIND__RELEASE;
    sign.key_name = (char *) key_name;
    sign.payload = (ProtobufCBinaryData) {ggen__release__pack (&release, payload), payload};
    Ggen__SignReply *reply =
        call (client, "keyring", &sign.base, &ggen__sign_reply__descriptor, &code);
    assert_int_equal (code, OK);
    return reply;
}

static code_t
check (client_t *client, const Ggen__SignReply *signed_release, bool *first_use_p)
{
    code_t code;
    Ggen__CheckReleaseRequest request = GGEN__CHECK_RELEASE_REQUEST__INIT;
    request.name = "rust-cli";
    request.version = "1.0.0";
    request.record = signed_release->record;
    request.pin = true;
    Ggen__CheckReleaseReply *reply =
        call (client, "trust", &request.base, &ggen__check_release_reply__descriptor, &code);
    if (reply) {
        *first_use_p = reply->first_use;
        protobuf_c_message_free_unpacked (&reply->base, NULL);
    }
    return code;
}

static void
what_the_keyring_signs_is_pinned_and_known_after_a_restart (void **state)
{
    (void) state;
    bool first_use = false;
    client_t *client = open_home ();
    Ggen__SignReply *ours = sign_release (client, ""), *theirs = sign_release (client, "other");
    assert_int_equal (check (client, ours, &first_use), OK);
    assert_true (first_use);
    client_close (&client);
    client = open_home ();
    assert_int_equal (check (client, theirs, &first_use), UNTRUSTED_PUBLISHER);
    assert_int_equal (check (client, ours, &first_use), OK);
    assert_false (first_use);
    client_close (&client);
    protobuf_c_message_free_unpacked (&ours->base, NULL);
    protobuf_c_message_free_unpacked (&theirs->base, NULL);
}

static int
make_home (void **state)
{
    (void) state;
    temp_dir_make (home);
    snprintf (keys_dir, sizeof keys_dir, "%s/keys", home);
    snprintf (state_path, sizeof state_path, "%s/p2p/state.db", home);
    return 0;
}

static int
remove_home (void **state)
{
    (void) state;
    return temp_dir_remove (home);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (
            what_the_keyring_signs_is_pinned_and_known_after_a_restart, make_home, remove_home),
    };
    host_init ();
    return cmocka_run_group_tests (tests, NULL, NULL);
}
