// SPDX-License-Identifier: MIT
//  What two nodes of the network do for each other, asked at the bus of one of them:
//
//      net fetch HOME ID TIMES       version 1.0.0, from whoever has it; then it is thrown away, and
//                                    so on. Prints for each its bytes, when it began and when it ended.
//      net ping HOME PEER MS         questions to the dht of that peer, one after another, for so long.
//                                    Prints for each when it was asked and when it was answered; one
//                                    that is answered BUSY only counts, on stderr.
//
//  Times are microseconds of the monotonic clock.
#include "cache.pb-c.h"
#include "dht.pb-c.h"
#include "registry.pb-c.h"
#include "runtime/host/client.h"
#include "runtime/host/clock.h"
#include "runtime/host/host.h"
#include "transfer.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 120000

static client_t *client;

static void
fail (const char *what, const char *why)
{
    fprintf (stderr, "net: %s: %s\n", what, why);
    exit (1);
}

//  NULL: it was answered BUSY.
static ProtobufCMessage *
try_to_ask (const char *to, const ProtobufCMessage *request, const ProtobufCMessageDescriptor *expect)
{
    client_call_t call = {
        .to = to, .request = request, .expect = expect, .timeout_ms = TIMEOUT_MS};
    ProtobufCMessage *reply = NULL;
    Ggen__Failure *failure = NULL;
    code_t code = client_call (client, &call, &reply, &failure);
    if (code != OK && code != BUSY)
        fail (to, failure->message);
    if (code == BUSY)
        ggen__failure__free_unpacked (failure, NULL);
    return reply;
}

static ProtobufCMessage *
ask (const char *to, const ProtobufCMessage *request, const ProtobufCMessageDescriptor *expect)
{
    ProtobufCMessage *reply = try_to_ask (to, request, expect);
    if (!reply)
        fail (to, "it is busy");
    return reply;
}

static void
attach (const char *home)
{
    char why[500];
    client_setup_t setup = {.home_dir = home, .need = HOME_READ, .program = "net"};
    host_init ();
    if (client_open (&client, &setup, why, sizeof why) != OK)
        fail (home, why);
}

static void
fetch_once (const Ggen__Package *package)
{
    Ggen__TransferFetchRequest request = GGEN__TRANSFER_FETCH_REQUEST__INIT;
    request.record = package->record;
    uint64_t began_us = clock_us ();
    Ggen__TransferFetchReply *got =
        (void *) ask ("transfer", &request.base, &ggen__transfer_fetch_reply__descriptor);
    printf ("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", got->size_bytes, began_us, clock_us ());
    Ggen__BlobRemoveRequest removal = GGEN__BLOB_REMOVE_REQUEST__INIT;
    removal.sha256 = package->sha256;
    ProtobufCMessage *removed =
        ask ("blobs", &removal.base, &ggen__blob_remove_reply__descriptor);
    protobuf_c_message_free_unpacked (removed, NULL);
    protobuf_c_message_free_unpacked (&got->base, NULL);
}

static void
fetch (const char *id, long times)
{
    Ggen__GetPackageVersionRequest which = GGEN__GET_PACKAGE_VERSION_REQUEST__INIT;
    which.id = (char *) id;
    which.version = "1.0.0";
    Ggen__PackageReply *found =
        (void *) ask ("registry", &which.base, &ggen__package_reply__descriptor);
    for (long i = 0; i < times; i++)
        fetch_once (found->package);
    protobuf_c_message_free_unpacked (&found->base, NULL);
}

static void
ping (const char *peer, long for_ms)
{
    char address[200];
    uint8_t target[32] = {0};
    int64_t ends_ms = clock_ms () + for_ms;
    snprintf (address, sizeof address, "dht@%s", peer);
    Ggen__FindNodeRequest request = GGEN__FIND_NODE_REQUEST__INIT;
    request.target = (ProtobufCBinaryData) {sizeof target, target};
    unsigned long busy = 0;
    while (clock_ms () < ends_ms) {
        uint64_t began_us = clock_us ();
        ProtobufCMessage *reply =
            try_to_ask (address, &request.base, &ggen__find_node_reply__descriptor);
        if (!reply) {
            busy++;
            continue;
        }
        printf ("%" PRIu64 " %" PRIu64 "\n", began_us, clock_us ());
        protobuf_c_message_free_unpacked (reply, NULL);
    }
    if (busy > 0)
        fprintf (stderr, "%lu busy\n", busy);
}

int
main (int argc, char **argv)
{
    if (argc != 5) {
        fputs ("usage: net fetch HOME ID TIMES | net ping HOME PEER MS\n", stderr);
        return 2;
    }
    attach (argv[2]);
    if (strcmp (argv[1], "fetch") == 0)
        fetch (argv[3], atol (argv[4]));
    else
        ping (argv[3], atol (argv[4]));
    client_close (&client);
    return 0;
}
