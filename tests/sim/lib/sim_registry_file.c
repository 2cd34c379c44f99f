// SPDX-License-Identifier: MIT
#include "sim_registry_file.h"

#include "actors/registry/publication.h"
#include "actors/registry/reply.h"
#include "tests/memory_registry.h"

#include <stdio.h>

//  The packages come first: the handlers of memory_registry.h get this as theirs.
struct sim_registry_file_t {
    memory_registry_t packages;
    sim_disk_t *disk;
};

sim_registry_file_t *
sim_registry_file_new (sim_disk_t *disk)
{
    sim_registry_file_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->disk = disk;
    return self;
}

void
sim_registry_file_destroy (sim_registry_file_t **self_p)
{
    if (*self_p)
        memory_destroy (*self_p);
    *self_p = NULL;
}

bool
sim_registry_file_smuggle (sim_registry_file_t *self, Ggen__Package *package, bytes_t archive)
{
    char path[SIM_PATH_MAX];
    size_t place;
    snprintf (path, sizeof path, SIM_SHELF "%s/%s.tar.gz", package->id, package->version);
    if (memory_add (&self->packages, package) != OK)
        return false;
    sim_disk_write (self->disk, path, archive.data, archive.size);
    Ggen__Package *kept = memory_find (&self->packages, package->id, package->version, &place);
    reply_set_text (&kept->source, "file");
    reply_set_text (&kept->location, path);
    return true;
}

//  Takes the failure.
static code_t
refuse (const delivery_t *at, Ggen__Failure *failure)
{
    out_refuse_as (at->out, at->ticket, failure);
    protobuf_c_message_free_unpacked (&failure->base, NULL);
    return OK;
}

static Ggen__Failure *
check (const sim_registry_file_t *self, const Ggen__PublishRequest *ask)
{
    const char *format;
    bytes_t archive;
    digest_t digest;
    Ggen__Failure *failure = publication_check_shape (ask);
    if (!failure && !sim_disk_read (self->disk, ask->archive_path, &archive))
        return reply_failure (STORAGE, "", "%s: there is no such file", ask->archive_path);
    if (failure)
        return failure;
    sim_disk_sha256 (self->disk, ask->archive_path, &digest);
    failure = publication_check_archive (ask, &digest, archive.size);
    return failure ? failure : publication_check_records (ask, &crypto_real, &format);
}

static code_t
on_publish (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sim_registry_file_t *self = self_;
    const Ggen__PublishRequest *ask = (const void *) message;
    Ggen__PublishReply reply = GGEN__PUBLISH_REPLY__INIT;
    size_t place;
    bytes_t archive;
    Ggen__Failure *failure = check (self, ask);
    if (failure)
        return refuse (at, failure);
    const Ggen__Package *known =
        memory_find (&self->packages, ask->package->id, ask->package->version, &place);
    if (known && !memory_same (known->sha256, ask->package->sha256))
        return ALREADY_EXISTS;
    reply.already_there = known != NULL;
    sim_disk_read (self->disk, ask->archive_path, &archive);
    if (!known && !sim_registry_file_smuggle (self, ask->package, archive))
        return INSUFFICIENT_DISK_SPACE;
    known = memory_find (&self->packages, ask->package->id, ask->package->version, &place);
    reply.location = known->location;
    reply.acknowledged = 1;
    return out_reply (at, &reply.base);
}

static code_t
on_installed (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    sim_registry_file_t *self = self_;
    const Ggen__InstalledRequest *ask = (const void *) message;
    Ggen__InstalledReply reply = GGEN__INSTALLED_REPLY__INIT;
    for (size_t i = 0; i < ask->n_ids; i++) {
        Ggen__Package *latest = memory_latest (&self->packages, ask->ids[i]);
        if (latest)
            latest->downloads++;
    }
    return out_reply (at, &reply.base);
}

static void *
create (const actor_env_t *env)
{
    return (void *) env->settings;
}

static void
destroy (void *self)
{
    (void) self;
}

static const handler_t rows[] = {
    {&ggen__search_request__descriptor, memory_search, THIS_NODE},
    {&ggen__get_package_request__descriptor, memory_get, THIS_NODE},
    {&ggen__get_package_version_request__descriptor, memory_get_version, THIS_NODE},
    {&ggen__list_versions_request__descriptor, memory_versions, THIS_NODE},
    {&ggen__publish_request__descriptor, on_publish, THIS_NODE},
    {&ggen__delete_request__descriptor, memory_delete, THIS_NODE},
    {&ggen__exists_request__descriptor, memory_exists, THIS_NODE},
    {&ggen__metadata_request__descriptor, memory_metadata, THIS_NODE},
    {&ggen__installed_request__descriptor, on_installed, THIS_NODE},
    {0},
};

const actor_class_t sim_registry_file_actor = {.name = "registry_file",
                                               .create = create,
                                               .destroy = destroy,
                                               .rows = rows,
                                               .service = &ggen__registry__descriptor};
