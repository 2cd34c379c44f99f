// SPDX-License-Identifier: MIT
//  "transfer": archives in chunks. It fetches them from several nodes at once (download.h), serves
//  them (serve.h), keeps them for others (hosting.c), has others keep ours, and sees to it that
//  enough nodes have what it serves (upkeep.c). Messages: transfer.proto; SPEC 8.
//
//  It asks "blobs" (parts and blobs on disk), "dht" (providers, near nodes; our own provider
//  record), "reputation" (in which order), "state" (table "served"), and "transfer" of other nodes.
//  It tells "reputation" what it saw, and "dht" which providers are gone. It listens to swarm's
//  PeerUp, PeerDown and Dialability.
//
//  From any node:
//  HaveRequest, ChunkRequest, ChunksArrived        serve.h
//  HostRequest     PERMISSION_DENIED (this node keeps nothing for others), LOW_REPUTATION,
//                  INSUFFICIENT_DISK_SPACE (host_max or the signer's part of it is used, and
//                  nothing is kept that more than enough others have), BUSY (TRANSFER_HOSTINGS_MAX
//                  are going on), SERIALIZATION, VALIDATION, INVALID_SIGNATURE (the record), or
//                  what the fetch failed with.
//  From this node:
//  TransferFetchRequest    PERMISSION_DENIED (p2p.private), BUSY (DOWNLOADS_MAX), the record's
//                  faults as above, CHECKSUM_MISMATCH (it is of other bytes than are wanted),
//                  ALL_PROVIDERS_FAILED with a detail for each (peer id, reason), what "blobs"
//                  failed with.
//  ReplicateRequest        PACKAGE_NOT_FOUND (not in the blob store), PERMISSION_DENIED
//                  (p2p.private), BUSY (TRANSFER_REPLICATIONS_MAX). Otherwise it is answered with
//                  how many stored it, which may be none.
//  WithdrawBlobRequest     also when it was not served.
//  TransferStatusRequest
#ifndef GGEN_TRANSFER_H
#define GGEN_TRANSFER_H

#include "runtime/actor/actor.h"

#define TRANSFER_HOSTINGS_MAX     4     //  taken in for others at one time
#define TRANSFER_ADOPTIONS_MAX    8     //  beginning to be served at one time
#define TRANSFER_REPLICATIONS_MAX 2     //  given to others at one time
#define TRANSFER_HOSTS_MAX        24    //  connected nodes that may keep something for us

//  env->settings; borrowed for the actor's life.
typedef struct {
    const identity_t *identity;
    bool hosts;                         //  node.tier "community": it keeps for others
    uint64_t host_max_bytes;            //  storage.host_max
    uint64_t host_signer_max_bytes;     //  of one signer
    uint32_t replicas;                  //  storage.replicas: other nodes that should have it
    bool share_installed;               //  storage.share_installed
    const char *const *private_patterns;    //  p2p.private: patterns of ids (*, ?)
    size_t private_count;
    uint32_t check_secs;                //  everything served is looked after once in this time
} transfer_settings_t;

//  SPEC 3.7, without an identity.
#define TRANSFER_SETTINGS_DEFAULT \
    {.hosts = true, .host_max_bytes = 1u << 30, .host_signer_max_bytes = 1u << 27, .replicas = 3, \
     .check_secs = 3600}

extern const actor_class_t transfer_actor;

#endif
