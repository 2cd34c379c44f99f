// SPDX-License-Identifier: MIT
#include "p2p_rows.h"

#include "digest.h"
#include "discovery_valid.h"
#include "reply.h"
#include "utf8.h"
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
set_bytes (ProtobufCBinaryData *field, ProtobufCBinaryData value)
{
    free (field->data);
    if (!p2p_copy_bytes (field, (bytes_t) {value.data, value.len}))
        *field = (ProtobufCBinaryData) {0, NULL};
}

static void
add_texts (Ggen__Package *package, const char *field, char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        reply_add_text (&package->base, field, texts[i]);
}

//  Where its archive is: in the network, by digest.
static void
set_location (Ggen__Package *package)
{
    digest_t digest;
    char hex[DIGEST_HEX_SIZE + 1], location[DIGEST_HEX_SIZE + 5];
    if (digest_from_field (&digest, package->sha256) != OK)
        return;
    digest_to_hex (&digest, hex);
    snprintf (location, sizeof location, "dht:%s", hex);
    reply_set_text (&package->location, location);
}

static Ggen__Package *
row_new (const char *id, const char *version, const publisher_key_t *key)
{
    Ggen__Package *package = reply_new (&ggen__package__descriptor);
    publisher_key_t copy = *key;
    reply_set_text (&package->id, id);
    reply_set_text (&package->version, version);
    reply_set_text (&package->source, "p2p");
    package->publisher = reply_new (&ggen__publisher__descriptor);
    set_bytes (&package->publisher->public_key, publisher_key_to_field (&copy));
    return package;
}

static void
set_texts (Ggen__Package *package, const Ggen__Listing *listing)
{
    reply_set_text (&package->title, *listing->title ? listing->title : listing->name);
    reply_set_text (&package->description, listing->description);
    reply_set_text (&package->license, listing->license);
    if (*listing->author)
        reply_add_text (&package->base, "authors", listing->author);
    add_texts (package, "categories", listing->categories, listing->n_categories);
    add_texts (package, "tags", listing->tags, listing->n_tags);
    add_texts (package, "keywords", listing->keywords, listing->n_keywords);
}

Ggen__Package *
rows_of_listing (const p2p_signed_t *record)
{
    const Ggen__Listing *listing = record->listing;
    Ggen__Package *package = row_new (listing->name, listing->version, &record->key);
    set_texts (package, listing);
    set_bytes (&package->sha256, listing->sha256);
    package->size_bytes = listing->size_bytes;
    package->created_at = listing->issued_at;
    set_location (package);
    return package;
}

static void
set_dependencies (Ggen__Package *package, const Ggen__Release *release)
{
    package->dependencies = calloc (release->n_dependencies + 1, sizeof *package->dependencies);
    for (size_t i = 0; package->dependencies && i < release->n_dependencies; i++) {
        const Ggen__SignedDependency *from = release->dependencies[i];
        Ggen__Dependency *to = reply_new (&ggen__dependency__descriptor);
        reply_set_text (&to->name, from->name);
        reply_set_text (&to->requirement, from->requirement);
        to->optional = from->optional;
        set_bytes (&to->publisher_key, from->publisher_key);
        package->dependencies[package->n_dependencies++] = to;
    }
}

static void
set_yanked (Ggen__Package *package, find_t *find, const find_publisher_t *publisher)
{
    const find_publisher_t *decides = find_successor (find, publisher);
    const Ggen__HeadVersion *listed =
        p2p_head_version (decides->head.head, package->version);
    if (!listed || !message_same_bytes (listed->sha256, package->sha256))
        listed = p2p_head_version (publisher->head.head, package->version);
    if (!listed || !listed->yanked)
        return;
    package->yanked = true;
    reply_set_text (&package->yank_reason, listed->yank_reason);
}

Ggen__Package *
rows_of_version (find_t *find, const find_publisher_t *publisher, const find_version_t *version)
{
    const p2p_signed_t *signed_release = version->found;
    const Ggen__Release *release = signed_release->release;
    Ggen__Package *package = row_new (release->name, release->version, &signed_release->key);
    if (publisher->listing.payload && !publisher->listing.listing->withdrawn)
        set_texts (package, publisher->listing.listing);
    else
        reply_set_text (&package->title, release->name);
    set_bytes (&package->sha256, release->sha256);
    package->size_bytes = release->size_bytes;
    package->created_at = release->published_at;
    set_bytes (&package->record, signed_release->packed);
    //  A head of another key has no say of this release.
    if (publisher_key_equal (&signed_release->key, &publisher->key))
        set_bytes (&package->head, publisher->head.packed);
    set_dependencies (package, release);
    set_location (package);
    set_yanked (package, find, publisher);
    return package;
}

//  ---- listings ------------------------------------------------------------------------------------

static char *
cut (char *to, size_t size, const char *text)
{
    snprintf (to, size, "%s", text);
    utf8_trim (to);
    return to;
}

static size_t
pick (char **to, size_t room, char *const *from, size_t count, size_t bytes_max)
{
    size_t picked = 0;
    for (size_t i = 0; i < count && picked < room; i++) {
        bool good = *from[i] && strlen (from[i]) <= bytes_max && utf8_valid (from[i]);
        for (size_t j = 0; good && j < picked; j++)
            good = strcmp (to[j], from[i]) != 0;
        if (good)
            to[picked++] = from[i];
    }
    return picked;
}

void
rows_listing (rows_listing_t *self, const Ggen__Package *package, uint64_t seq, int64_t issued_at)
{
    Ggen__Listing *listing = &self->message;
    memset (self, 0, sizeof *self);
    ggen__listing__init (listing);
    listing->name = package->id;
    listing->seq = seq;
    listing->issued_at = issued_at;
    listing->ttl_secs = DISCOVERY_TTL_MAX_SECS;
    listing->version = package->version;
    listing->title = cut (self->title, sizeof self->title, package->title);
    listing->description = cut (self->description, sizeof self->description, package->description);
    listing->license = cut (self->license, sizeof self->license, package->license);
    const char *author = package->n_authors > 0 ? package->authors[0]
                         : package->publisher   ? package->publisher->name
                                                : "";
    listing->author = cut (self->author, sizeof self->author, author);
    listing->categories = self->category_list;
    listing->n_categories = pick (self->category_list, COUNT_OF (self->category_list),
                                  package->categories, package->n_categories,
                                  DISCOVERY_LABEL_MAX);
    listing->tags = self->tag_list;
    listing->n_tags = pick (self->tag_list, COUNT_OF (self->tag_list), package->tags,
                            package->n_tags, DISCOVERY_LABEL_MAX);
    listing->sha256 = package->sha256;
    listing->size_bytes = package->size_bytes;
    listing->n_keywords = discovery_keywords (package, self->keywords);
    for (size_t i = 0; i < listing->n_keywords; i++)
        self->keyword_list[i] = self->keywords[i];
    listing->keywords = self->keyword_list;
}
