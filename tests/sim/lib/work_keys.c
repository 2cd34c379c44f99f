// SPDX-License-Identifier: MIT
//  Names go from key to key (SPEC 9), as the installer's rotate does it: what the new key says is there
//  before anything points to it. A thief uses the same software with another keyring.
#include "work.h"

#include "library.h"
#include "publisher.pb-c.h"
#include "registry.pb-c.h"

#include <stdlib.h>

#define AGAIN_US  INT64_C (10000000)    //  after a failure
#define TRIES_MAX 30u

typedef enum { BY_OLD_KEY, BY_THIEF, BY_RECOVERY_KEY } way_t;

//  One package on its way.
typedef struct {
    play_t *play;
    uint32_t package, node;
    way_t way;
    const identity_t *from, *to;    //  as it was decided: names may change hands again meanwhile
    bool pointed;                   //  the second part: what points to the new key
    unsigned tries;
    uint64_t seq;                   //  of the new key's head
    ProtobufCBinaryData record, head;
} errand_t;

static void go (errand_t *self);

static package_t *
package_of (const errand_t *self)
{
    return library_package (self->play->library, self->package);
}

static publisher_t *
publisher_of (const errand_t *self)
{
    return library_publisher (self->play->library, package_of (self)->publisher);
}

static void
end (errand_t *self)
{
    play_t *play = self->play;
    if (self->way != BY_THIEF)
        package_of (self)->handed_us = play_now_us (play);
    if (self->way == BY_RECOVERY_KEY)
        publisher_of (self)->recovered_us = play_now_us (play);
    free (self->record.data);
    free (self->head.data);
    free (self);
}

static void
again (void *self, world_t *world)
{
    (void) world;
    go (self);
}

//  It is signed anew.
static void
forget_head (errand_t *self)
{
    free (self->head.data);
    self->head.data = NULL;
}

static void
on_told (void *self_, world_t *world, const client_reply_t *reply)
{
    errand_t *self = self_;
    if (reply->code == OK && self->pointed) {
        end (self);
        return;
    }
    if (reply->code == OK) {
        package_t *package = package_of (self);
        //  Of the new key, which is the publisher's own: that one people look for from now on.
        if (self->way != BY_THIEF && self->seq > package->seq_stored)
            package->seq_stored = self->seq;
        self->pointed = true;
        self->tries = 0;
        forget_head (self);
        go (self);
    }
    else if (++self->tries < TRIES_MAX) {
        //  The new key has published something newer meanwhile: it says all of it anew.
        if (reply->code == VALIDATION && !self->pointed && self->way != BY_THIEF)
            forget_head (self);
        world_at (world, world_now_us (world) + AGAIN_US, again, self);
    } else {
        //  A node that is off, or cut off, for that long is nobody's fault.
        if (players_is_ready (self->play, self->node))
            world_violation (world, "keys: node %u cannot hand %s over: %s", self->node,
                             package_of (self)->name, code_name (reply->code));
        end (self);
    }
}

static void
put_head (errand_t *self, ProtobufCBinaryData record)
{
    Ggen__PutHeadRequest put = GGEN__PUT_HEAD_REQUEST__INIT;
    put.id = package_of (self)->name;
    put.record = record;
    clients_ask (self->play->world, self->node, "registry_p2p", &put.base, WORK_BUDGET_MS, on_told,
                 self);
}

//  What nobody but the thief has published, from the node where he sits.
static void
publish_evil (errand_t *self)
{
    play_t *play = self->play;
    const sim_content_t *content = library_content (play->library, self->package, LIBRARY_EVIL);
    char version[LIBRARY_VERSION_MAX + 1];
    Ggen__PublishRequest request = GGEN__PUBLISH_REQUEST__INIT;
    Ggen__Package told = GGEN__PACKAGE__INIT;
    Ggen__Publisher who = GGEN__PUBLISHER__INIT;
    library_version (LIBRARY_EVIL, version);
    sim_parts_put (honest_settings (play->honest, play->world, self->node)->market->blobs, content);
    who.public_key =
        (ProtobufCBinaryData) {CRYPTO_KEY_BYTES, (uint8_t *) publisher_of (self)->thief->key};
    told.id = told.title = package_of (self)->name;
    told.version = version;
    told.publisher = &who;
    told.sha256 = (ProtobufCBinaryData) {DIGEST_SIZE, (uint8_t *) content->sha256.bytes};
    told.size_bytes = content->size_bytes;
    told.record = self->record;
    told.head = self->head;
    request.package = &told;
    request.archive_path = (char *) "/archive";
    clients_ask (play->world, self->node, "registry_p2p", &request.base, WORK_BUDGET_MS, on_told,
                 self);
}

//  What is said next; signed once, however often it has to be told.
static void
say (errand_t *self)
{
    library_t *library = self->play->library;
    int64_t wall_ms = world_wall_ms (self->play->world, self->node);
    if (self->head.data || (self->way == BY_RECOVERY_KEY && self->pointed))
        return;
    if (self->way == BY_THIEF && !self->pointed) {
        self->record = library_sign_evil_release (library, self->package, wall_ms);
        self->head = library_sign_evil_head (library, self->package, wall_ms);
    }
    else if (!self->pointed) {
        self->head = library_sign_head (library, self->package, wall_ms);
        self->seq = package_of (self)->seq;
    } else if (self->way == BY_THIEF)
        self->head = library_sign_stolen_head (library, self->from, self->package, wall_ms);
    else
        self->head = library_sign_last (library, self->from, self->to, self->package, wall_ms);
}

static void
go (errand_t *self)
{
    say (self);
    if (self->way == BY_THIEF && !self->pointed)
        publish_evil (self);
    else
        put_head (self, self->way == BY_RECOVERY_KEY && self->pointed
                            ? publisher_of (self)->rotation
                            : self->head);
}

//  ---- whose names ---------------------------------------------------------------------------------

static void
hand_over (play_t *play, uint32_t number, uint32_t node, way_t way)
{
    const publisher_t *publisher = library_publisher (play->library, number);
    bool stolen = way == BY_THIEF;
    errand_t what = {.play = play, .node = node, .way = way};
    what.from = publisher->keys[publisher->keys_count - (stolen ? 1 : 2)];
    what.to = stolen ? publisher->thief : publisher->identity;
    for (uint32_t i = 0; i < library_count (play->library); i++) {
        const package_t *package = library_package (play->library, i);
        if (package->publisher != number || package->seq_stored == 0)
            continue;
        errand_t *errand = calloc (1, sizeof *errand);
        if (!errand)
            abort ();
        *errand = what;
        errand->package = i;
        go (errand);
    }
}

static bool
has_names (play_t *play, uint32_t number)
{
    for (uint32_t i = 0; i < library_count (play->library); i++)
        if (library_package (play->library, i)->publisher == number
            && library_package (play->library, i)->seq_stored > 0)
            return true;
    return false;
}

//  One who has names, and whose node is there; PLAY_NOBODY: nobody is.
static uint32_t
draw_publisher (deed_t *deed, bool robbed)
{
    play_t *play = deed->play;
    uint32_t count = library_publishers_count (play->library);
    uint32_t first = (uint32_t) rng_below (&deed->rng, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = (first + i) % count;
        const publisher_t *publisher = library_publisher (play->library, number);
        if (publisher->robbed == robbed && (robbed || !publisher->thief)
            && has_names (play, number) && players_is_ready (play, publisher->node))
            return number;
    }
    return PLAY_NOBODY;
}

//  All that needs more than a DHT.
static uint32_t
count_of (deed_t *deed)
{
    return deed->play->mix == MIX_FULL
               ? (uint32_t) script_number (deed->line, "<count>", 1, &deed->rng)
               : 0;
}

//  The publisher's new key, also where its node signs.
static bool
new_key (play_t *play, uint32_t number)
{
    const publisher_t *publisher = library_publisher (play->library, number);
    if (!library_rotate (play->library, number))
        return false;
    honest_settings (play->honest, play->world, publisher->node)->market->signer =
        publisher->keyring[0];
    return true;
}

void
work_rotate (deed_t *deed)
{
    play_t *play = deed->play;
    for (uint32_t left = count_of (deed); left > 0; left--) {
        uint32_t number = draw_publisher (deed, false);
        if (number != PLAY_NOBODY && new_key (play, number))
            hand_over (play, number, library_publisher (play->library, number)->node, BY_OLD_KEY);
    }
}

//  The thief sits at a node that is nobody's publisher, and has both keys there.
void
work_steal (deed_t *deed)
{
    play_t *play = deed->play;
    for (uint32_t left = count_of (deed); left > 0; left--) {
        uint32_t number = draw_publisher (deed, false), node = players_draw (play, &deed->rng);
        if (number == PLAY_NOBODY || node == PLAY_NOBODY
            || play->players[node].publisher != PLAY_NOBODY)
            continue;
        publisher_t *publisher = library_publisher (play->library, number);
        sim_signer_t *signer = &honest_settings (play->honest, play->world, node)->market->signer;
        library_rob (play->library, number, node);
        sim_signer_of (signer, publisher->thief);
        signer->next = &publisher->keyring[0];
        hand_over (play, number, node, BY_THIEF);
    }
}

void
work_recover (deed_t *deed)
{
    play_t *play = deed->play;
    for (uint32_t left = count_of (deed); left > 0; left--) {
        uint32_t number = draw_publisher (deed, true);
        if (number == PLAY_NOBODY || !new_key (play, number))
            continue;
        publisher_t *publisher = library_publisher (play->library, number);
        publisher->robbed = false;
        library_sign_rotation (play->library, number,
                               world_wall_ms (play->world, publisher->node));
        hand_over (play, number, publisher->node, BY_RECOVERY_KEY);
    }
}
