// SPDX-License-Identifier: MIT
#include "wishes.h"

#include "dht.pb-c.h"
#include "installer.pb-c.h"
#include "p2p.pb-c.h"
#include "registry.pb-c.h"
#include "reputation.pb-c.h"
#include "transfer.pb-c.h"
#include "trust.pb-c.h"

#include <string.h>
#include <time.h>

#define SHORT_MS 10000u

bool
wish_key (asker_t *asker, const member_t *member)
{
    Ggen__KeyListRequest list = GGEN__KEY_LIST_REQUEST__INIT;
    const Ggen__KeyListReply *keys = asker_ask (asker, member, "keyring", &list.base,
                                                &ggen__key_list_reply__descriptor, SHORT_MS);
    if (!keys || keys->n_keys > 0)
        return keys != NULL;
    Ggen__KeyGenerateRequest make = GGEN__KEY_GENERATE_REQUEST__INIT;
    make.name = "default";
    return asker_ask (asker, member, "keyring", &make.base, &ggen__key_generate_reply__descriptor,
                      SHORT_MS);
}

const Ggen__Package *
wish_publish (asker_t *asker, const member_t *member, const char *path)
{
    Ggen__PublishTreeRequest request = GGEN__PUBLISH_TREE_REQUEST__INIT;
    request.path = (char *) path;
    const Ggen__PublishTreeReply *reply =
        asker_ask (asker, member, "installer", &request.base, &ggen__publish_tree_reply__descriptor,
                   WISH_PUBLISH_MS);
    return reply ? reply->package : NULL;
}

bool
wish_find (asker_t *asker, const member_t *member, const char *word, const char *name)
{
    char *registries[] = {"p2p"};
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = (char *) word;
    request.limit = 1000;
    request.registries = registries;
    request.n_registries = 1;
    const Ggen__SearchReply *reply = asker_ask (asker, member, "registry", &request.base,
                                                &ggen__search_reply__descriptor, WISH_SEARCH_MS);
    for (size_t i = 0; reply && i < reply->n_results; i++)
        if (strcmp (reply->results[i]->id, name) == 0)
            return true;
    return false;
}

bool
wish_install (asker_t *asker, const member_t *member, const char *want)
{
    char *wants[] = {(char *) want};
    Ggen__InstallRequest request = GGEN__INSTALL_REQUEST__INIT;
    request.wants = wants;
    request.n_wants = 1;
    return asker_ask (asker, member, "installer", &request.base, &ggen__install_reply__descriptor,
                      WISH_INSTALL_MS);
}

bool
wish_own (asker_t *asker, const member_t *member, const char *name, const char *version)
{
    Ggen__GetPackageVersionRequest request = GGEN__GET_PACKAGE_VERSION_REQUEST__INIT;
    request.id = (char *) name;
    request.version = (char *) version;
    return asker_ask (asker, member, "registry_file", &request.base,
                      &ggen__package_reply__descriptor, SHORT_MS);
}

bool
wish_holds (asker_t *asker, const member_t *member, const digest_t *sha256)
{
    Ggen__HaveRequest request = GGEN__HAVE_REQUEST__INIT;
    request.sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) sha256->bytes};
    const Ggen__HaveReply *reply = asker_ask (asker, member, "transfer", &request.base,
                                              &ggen__have_reply__descriptor, SHORT_MS);
    return reply && reply->all;
}

int
wish_unsent (asker_t *asker, const member_t *member)
{
    Ggen__OutboxRequest request = GGEN__OUTBOX_REQUEST__INIT;
    const Ggen__OutboxReply *reply = asker_ask (asker, member, "registry_p2p", &request.base,
                                                &ggen__outbox_reply__descriptor, SHORT_MS);
    int unsent = reply ? 0 : -1;
    for (size_t i = 0; reply && i < reply->n_entries; i++)
        unsent += !reply->entries[i]->done;
    return unsent;
}

int
wish_records (asker_t *asker, const member_t *member)
{
    Ggen__DhtStatusRequest request = GGEN__DHT_STATUS_REQUEST__INIT;
    const Ggen__DhtStatusReply *reply = asker_ask (asker, member, "dht", &request.base,
                                                   &ggen__dht_status_reply__descriptor, SHORT_MS);
    return reply ? (int) reply->records : -1;
}

bool
wish_ban (asker_t *asker, const member_t *member, const peer_key_t *peer, uint32_t secs)
{
    Ggen__BanRequest request = GGEN__BAN_REQUEST__INIT;
    request.peer_key = (ProtobufCBinaryData) {sizeof peer->bytes, (uint8_t *) peer->bytes};
    request.secs = secs;
    request.reason = "the harness";
    return asker_ask (asker, member, "reputation", &request.base, &ggen__ban_reply__descriptor,
                      SHORT_MS);
}

//  What it knows of this peer; NULL: of all.
static const Ggen__ReputationReply *
ask_reputation (asker_t *asker, const member_t *member, const peer_key_t *peer)
{
    ProtobufCBinaryData key = {sizeof peer->bytes, peer ? (uint8_t *) peer->bytes : NULL};
    Ggen__ReputationRequest request = GGEN__REPUTATION_REQUEST__INIT;
    request.peer_keys = &key;
    request.n_peer_keys = peer != NULL;
    return asker_ask (asker, member, "reputation", &request.base,
                      &ggen__reputation_reply__descriptor, SHORT_MS);
}

int
wish_bans (asker_t *asker, const member_t *member, peer_key_t *peers, unsigned max)
{
    const Ggen__ReputationReply *reply = ask_reputation (asker, member, NULL);
    unsigned count = 0;
    for (size_t i = 0; reply && i < reply->n_peers && count < max; i++)
        if (reply->peers[i]->score->banned
            && peer_key_from_field (&peers[count], reply->peers[i]->score->peer_key) == OK)
            count++;
    return reply ? (int) count : -1;
}

long
wish_experience (asker_t *asker, const member_t *member)
{
    const Ggen__ReputationReply *reply = ask_reputation (asker, member, NULL);
    long sum = reply ? 0 : -1;
    for (size_t i = 0; reply && i < reply->n_peers; i++)
        sum += (long) (reply->peers[i]->successes + reply->peers[i]->failures);
    return sum;
}

int
wish_wrong_chunks (asker_t *asker, const member_t *member)
{
    Ggen__TransferStatusRequest request = GGEN__TRANSFER_STATUS_REQUEST__INIT;
    const Ggen__TransferStatusReply *reply =
        asker_ask (asker, member, "transfer", &request.base,
                   &ggen__transfer_status_reply__descriptor, SHORT_MS);
    return reply ? (int) reply->wrong_chunks : -1;
}

bool
wish_is_banned (asker_t *asker, const member_t *member, const peer_key_t *peer)
{
    const Ggen__ReputationReply *reply = ask_reputation (asker, member, peer);
    return reply && reply->n_peers == 1 && reply->peers[0]->banned_until > time (NULL);
}
