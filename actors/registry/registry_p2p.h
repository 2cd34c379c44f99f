// SPDX-License-Identifier: MIT
//  "registry_p2p": the Registry contract (SPEC 4) over the network. It keeps and serves no archive: it
//  finds what publishers signed, and tells the network what is published here.
//  It asks
//      dht         DhtReadRequest, DhtWriteRequest, DhtProvideRequest
//      gossip      FollowRequest, AnnounceRequest; hears Announced, says AnnouncedInvalid
//      transfer    ReplicateRequest, WithdrawBlobRequest
//      cache       FetchRequest: an archive that is published is in the blob store first
//      keyring     SignRequest (LISTING, and HEAD for Delete), KeyListRequest
//      trust       TrustListRequest: whose a name is for us
//      state       tables "discovered", "outbox" and "unannounced"
//      registry_file   GetPackageVersionRequest, GetHeadsRequest: what was published while no node ran
//                  (p2p_late.h)
//  and hears PeerUp and ConnectivityChanged from swarm.
//
//  Where records lie: messages/dht_key.h. Every record is opened and its signature checked here before
//  it counts (p2p_signed.h), and what was signed must agree: a listing's or head's name is the one asked
//  for, a release has the digest that its publisher's head lists.
//
//  Search              what was heard of (discovered.h) and keywords of the DHT. An empty query lists
//                      only the former, and says 'incomplete'.
//  GetPackage, GetPackageVersion, ListVersions
//                      name -> publishers -> their heads -> releases. All publishers of a name are told:
//                      in ListVersions each version of each, in GetPackage the trusted one's, else a
//                      warning names the others. Of each publisher at most FIND_VERSIONS_MAX versions, the
//                      newest; more make the answer incomplete.
//  Exists              true as soon as anybody offers it.
//  Publish             signed packages with a head only. The newest head of ours that the network has is
//                      read first: VALIDATION when it is newer than the one to be published,
//                      ALREADY_EXISTS when it lists other bytes for the version. What has to be told is
//                      on disk (outbox.h) before it is told. 'acknowledged' counts hosts that took
//                      the archive.
//  Delete              a new head without the version, and the bytes are no longer served. PERMISSION_DENIED
//                      when others published it, PACKAGE_NOT_FOUND.
//  PutHead, GetHeads   as registry.h says.
//  Metadata            packages_count: names heard of.
//
//  What is not answered within settings.answer_ms (or 7/8 of what the asker has left) is answered with
//  what is there, 'incomplete'; what comes later is kept for the next question.
//
//  Ids that are private (settings) are answered as if there were no network: nobody is asked about them,
//  nothing is announced, and what others say of them is not heeded.
#ifndef GGEN_REGISTRY_P2P_H
#define GGEN_REGISTRY_P2P_H

#include "runtime/actor/actor.h"

//  Questions that are being looked up at one time, each with several reads under way; one more is
//  refused with BUSY.
#define REGISTRY_P2P_FINDS_MAX 24

//  Borrowed for the actor's life.
typedef struct {
    const char *topic;                      //  network.packages_topic; TOPIC/CATEGORY beside it
    const char *const *categories;          //  network.categories: followed alone; none = all
    unsigned categories_count;
    const char *const *private_ids;         //  p2p.private: patterns of ids (*, ?)
    unsigned private_count;
    uint32_t replicas;                      //  storage.replicas
    uint32_t answer_ms;                     //  performance.dht_query_timeout
    int64_t min_publish_age_secs;           //  security.min_publish_age: a younger version is not "latest"
                                            //  and not listed, only given when named exactly
    int64_t refresh_ms;                     //  what the hot tier gives at this age is looked up anew behind
                                            //  the answer; 0 = never
    bool require_fresh;                     //  security.require_fresh: the head of "latest" is in date
    const char *alone_text;                 //  what answers say while there is no peer; NULL = nothing
    //  The node lives for one call: no news is followed, the outbox waits for one that stays, nothing
    //  is kept; see p2p_join.h.
    bool brief;
    bool routes_only;                       //  node.tier "bootstrap": nothing is published from here
    uint32_t join_ms;                       //  brief: longest that a first peer is waited for
    uint32_t lan_ms;                        //  brief: the same after all known ones failed
    uint32_t discovered_max;                //  entries; 0 = DISCOVERED_MAX
    uint32_t signer_max;                    //  names of one signer; 0 = DISCOVERED_SIGNER_MAX
} registry_p2p_settings_t;

//  SPEC 3.7.
extern const registry_p2p_settings_t registry_p2p_settings_default;

extern const actor_class_t registry_p2p_actor;

#endif
