// SPDX-License-Identifier: MIT
//  The store actor on a home of its own, with its worker but without a bus; packages to put in it.
#ifndef GGEN_STORE_RIG_H
#define GGEN_STORE_RIG_H

#include "tests/fake_port.h"
#include "tests/unit/store_fixture.h"

#include "actors/store/commit_io.h"
#include "actors/store/store_io.h"
#include "runtime/host/host.h"
#include "runtime/host/job.h"
#include "store.pb-c.h"

#include <errno.h>
#include <zmq.h>

typedef struct {
    fake_t fake;
    jobs_t *jobs;
    store_settings_t settings;
    char home [128];
    char archives [128];            //  where packages are made
    ProtobufCMessage *reply;        //  of the last call; NULL when it failed
    Ggen__Failure *failure;
    bool replaces_lock;             //  what commits say
} rig_t;

typedef struct {
    char id [128];
    uint8_t files_sha256 [SHA256_SIZE];
} made_t;

static UNUSED void
rig_start (rig_t *self, const char *home, const char *archives, bool writable)
{
    host_init ();
    memset (self, 0, sizeof *self);
    snprintf (self->home, sizeof self->home, "%s", home);
    snprintf (self->archives, sizeof self->archives, "%s", archives);
    self->settings = (store_settings_t) {self->home, writable, ARCHIVE_LIMITS_DEFAULT};
    self->jobs = jobs_new ();
    fake_start_with (&self->fake, &store_actor, &self->settings, self->jobs);
}

static UNUSED void
rig_forget (rig_t *self)
{
    if (self->reply)
        protobuf_c_message_free_unpacked (self->reply, NULL);
    if (self->failure)
        ggen__failure__free_unpacked (self->failure, NULL);
    self->reply = NULL;
    self->failure = NULL;
}

static UNUSED void
rig_stop (rig_t *self)
{
    rig_forget (self);
    jobs_destroy (&self->jobs);
    fake_stop (&self->fake);
}

//  Let the worker finish one job.
static UNUSED void
rig_finish_job (rig_t *self)
{
    for (;;) {
        zmq_pollitem_t item = {NULL, jobs_fd (self->jobs), ZMQ_POLLIN, 0};
        assert_int_equal (zmq_poll (&item, 1, 20000), 1);
        job_t *job;
        Ggen__Progress *progress;
        jobs_event_t event = jobs_next (self->jobs, &job, &progress);
        if (event == JOBS_PROGRESS)
            ggen__progress__free_unpacked (progress, NULL);
        if (event != JOBS_DONE)
            continue;
        assert_int_equal (actor_job_done (self->fake.actor, job, self->fake.now_ms, 0), OK);
        job_destroy (&job);
        return;
    }
}

//  Take what it sent: an answer of this type, or a failure.
static UNUSED code_t
rig_take (rig_t *self, const ProtobufCMessageDescriptor *expect)
{
    rig_forget (self);
    for (unsigned i = 0; i < self->fake.sent_count; i++) {
        fake_sent_t *sent = &self->fake.sent [i];
        if (strcmp (sent->envelope->type, expect->short_name) == 0)
            self->reply = protobuf_c_message_unpack (expect, NULL, sent->body_size, sent->body);
        else if (sent->envelope->kind == GGEN__KIND__REPLY)
            self->failure = ggen__failure__unpack (NULL, sent->body_size, sent->body);
        ggen__envelope__free_unpacked (sent->envelope, NULL);
        free (sent->body);
    }
    self->fake.sent_count = self->fake.seen = 0;
    assert_true (self->reply || self->failure);
    return self->reply ? OK : self->failure->code;
}

static UNUSED code_t
rig_call (rig_t *self, const ProtobufCMessage *request, const ProtobufCMessageDescriptor *expect)
{
    fake_request (&self->fake, "installer", request, 0);
    rig_finish_job (self);
    return rig_take (self, expect);
}

static UNUSED void
rig_discard (rig_t *self, const char *root)
{
    Ggen__DiscardRequest event = GGEN__DISCARD_REQUEST__INIT;
    Ggen__Envelope envelope = GGEN__ENVELOPE__INIT;
    event.root = (char *) root;
    envelope.kind = GGEN__KIND__EVENT;
    envelope.from = "installer";
    fake_deliver (&self->fake, &envelope, &event.base);
    rig_finish_job (self);
}

//  ---- packages ------------------------------------------------------------------------------------

//  Write the archive of a package whose readme says 'text'.
static UNUSED void
rig_archive (const rig_t *self, const char *text, char path [300])
{
    static tar_t tar;
    static uint8_t packed [1 << 17];
    tar.size = 0;
    tar_file (&tar, "pack/gpack.toml", "[gpack]\nname = \"pack\"\nversion = \"1.0.0\"\n");
    tar_file (&tar, "pack/readme", text);
    tar_header (&tar, "pack/run", '0', 3, 0755);
    tar_data (&tar, "run", 3);
    tar_file (&tar, "pack/sub/deep", "deep");
    tar_end (&tar);
    size_t size = gzip (tar.data, tar.size, packed, sizeof packed);
    unsigned sum = 0;
    for (const char *at = text; *at; at++)
        sum = sum * 31 + (unsigned char) *at;
    snprintf (path, 300, "%s/%08x.tar.gz", self->archives, sum);
    put_bytes (AT_FDCWD, path, packed, size, 0644);
}

//  Unpack such a package for 'root'; 'made' tells what it is, to be committed as 'id'.
static UNUSED code_t
rig_unpack (rig_t *self, const char *root, const char *id, const char *text, made_t *made)
{
    char path [300];
    rig_archive (self, text, path);
    Ggen__UnpackRequest request = GGEN__UNPACK_REQUEST__INIT;
    request.archive_path = path;
    request.root = (char *) root;
    request.subject = (char *) id;
    code_t code = rig_call (self, &request.base, &ggen__unpack_reply__descriptor);
    if (code == OK) {
        const Ggen__UnpackReply *reply = (const void *) self->reply;
        snprintf (made->id, sizeof made->id, "%s", id);
        assert_int_equal (reply->files_sha256.len, SHA256_SIZE);
        memcpy (made->files_sha256, reply->files_sha256.data, SHA256_SIZE);
    }
    return code;
}

#define RIG_TREES_MAX 64

typedef struct {
    Ggen__Tree trees [RIG_TREES_MAX];
    Ggen__Tree *list [RIG_TREES_MAX];
} rig_trees_t;

static UNUSED Ggen__Tree **
rig_trees (rig_trees_t *self, const made_t *made, size_t count)
{
    assert_true (count <= RIG_TREES_MAX);
    for (size_t i = 0; i < count; i++) {
        ggen__tree__init (&self->trees [i]);
        self->trees [i].id = (char *) made [i].id;
        self->trees [i].version = "1.0.0";
        self->trees [i].files_sha256 =
            (ProtobufCBinaryData) {SHA256_SIZE, (uint8_t *) made [i].files_sha256};
        self->list [i] = &self->trees [i];
    }
    return self->list;
}

static UNUSED code_t
rig_commit (rig_t *self, const char *root, const made_t *made, size_t count, uint64_t expected,
            const char *lock)
{
    rig_trees_t trees;
    Ggen__CommitRequest request = GGEN__COMMIT_REQUEST__INIT;
    request.root = (char *) root;
    request.lock = (ProtobufCBinaryData) {strlen (lock), (uint8_t *) (uintptr_t) lock};
    request.trees = rig_trees (&trees, made, count);
    request.n_trees = count;
    request.expected = expected;
    request.replaces_lock = self->replaces_lock;
    return rig_call (self, &request.base, &ggen__commit_reply__descriptor);
}

static UNUSED code_t
rig_activate (rig_t *self, const char *root, const made_t *made, size_t count, uint64_t generation)
{
    rig_trees_t trees;
    Ggen__ActivateRequest request = GGEN__ACTIVATE_REQUEST__INIT;
    request.root = (char *) root;
    request.generation = generation;
    request.trees = rig_trees (&trees, made, count);
    request.n_trees = count;
    return rig_call (self, &request.base, &ggen__activate_reply__descriptor);
}

static UNUSED const Ggen__HasTreesReply *
rig_has (rig_t *self, const char *root, const made_t *made, size_t count)
{
    rig_trees_t trees;
    Ggen__HasTreesRequest request = GGEN__HAS_TREES_REQUEST__INIT;
    request.root = (char *) root;
    request.trees = rig_trees (&trees, made, count);
    request.n_trees = count;
    assert_int_equal (rig_call (self, &request.base, &ggen__has_trees_reply__descriptor), OK);
    return (const void *) self->reply;
}

static UNUSED const Ggen__CheckTreesReply *
rig_check (rig_t *self, const char *root, const made_t *made, size_t count)
{
    rig_trees_t trees;
    Ggen__CheckTreesRequest request = GGEN__CHECK_TREES_REQUEST__INIT;
    request.root = (char *) root;
    request.trees = rig_trees (&trees, made, count);
    request.n_trees = count;
    assert_int_equal (rig_call (self, &request.base, &ggen__check_trees_reply__descriptor), OK);
    return (const void *) self->reply;
}

static UNUSED code_t
rig_read_root (rig_t *self, const char *root, uint64_t generation)
{
    Ggen__ReadRootRequest request = GGEN__READ_ROOT_REQUEST__INIT;
    request.root = (char *) root;
    request.generation = generation;
    return rig_call (self, &request.base, &ggen__read_root_reply__descriptor);
}

static UNUSED uint64_t
rig_current (rig_t *self, const char *root)
{
    assert_int_equal (rig_read_root (self, root, 0), OK);
    return ((const Ggen__ReadRootReply *) (const void *) self->reply)->current;
}

//  Names in a directory that begin with 'prefix'.
static UNUSED unsigned
rig_count (const char *base, const char *name, const char *prefix)
{
    char path [300];
    snprintf (path, sizeof path, "%s/%s", base, name);
    DIR *dir = opendir (path);
    unsigned count = 0;
    for (const struct dirent *entry; dir && (entry = readdir (dir));)
        count += strncmp (entry->d_name, prefix, strlen (prefix)) == 0;
    if (dir)
        closedir (dir);
    return count;
}

//  Things in the making, in a home or in DIR/.ggen.
static UNUSED unsigned
rig_leftovers (const char *base)
{
    return rig_count (base, "store", COMMIT_TEMPORARY)
           + rig_count (base, "generations", COMMIT_TEMPORARY);
}

static UNUSED char *
rig_read_file (const char *base, const char *name)
{
    static char text [4][4096];
    static unsigned turn;
    char path [400];
    snprintf (path, sizeof path, "%s/%s", base, name);
    char *into = text [turn++ % 4];
    int fd = open (path, O_RDONLY);
    if (fd < 0)
        return NULL;
    ssize_t size = read (fd, into, sizeof text [0] - 1);
    close (fd);
    assert_true (size >= 0);
    into [size] = 0;
    return into;
}

#endif
