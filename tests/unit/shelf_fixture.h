// SPDX-License-Identifier: MIT
//  A registry directory of its own for each test, and packages to put into it. Signatures are not
//  made: the shelf does not look at them.
#ifndef GGEN_SHELF_FIXTURE_H
#define GGEN_SHELF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/registry/shelf_io.h"
#include "record.pb-c.h"
#include "tests/temp_dir.h"

#define WALL 1763600000

typedef struct {
    char base [TEMP_DIR_SIZE];  //  holds the registry and the archives
    char directory [80];
    char archive [80];
    shelf_t *shelf;
} fixture_t;

static inline void
write_text (const char *path, const char *text)
{
    FILE *out = fopen (path, "w");
    assert_non_null (out);
    fputs (text, out);
    assert_int_equal (fclose (out), 0);
}

static inline char *
read_text (const char *path)
{
    FILE *in = fopen (path, "r");
    if (!in)
        return NULL;
    char *text = NULL;
    size_t room = 0;
    if (getdelim (&text, &room, 0, in) < 0)
        text [0] = 0;
    fclose (in);
    return text;
}

static inline bool
is_there (const fixture_t *self, const char *name)
{
    char path [512];
    struct stat st;
    snprintf (path, sizeof path, "%s/%s", self->directory, name);
    return lstat (path, &st) == 0;
}

static inline void
reopen (fixture_t *self)
{
    shelf_close (&self->shelf);
    assert_int_equal (shelf_open (&self->shelf, self->directory), OK);
}

static inline int
setup (void **state)
{
    fixture_t *self = calloc (1, sizeof *self);
    temp_dir_make (self->base);
    snprintf (self->directory, sizeof self->directory, "%s/registry", self->base);
    snprintf (self->archive, sizeof self->archive, "%s/a.tar.gz", self->base);
    write_text (self->archive, "archive");
    reopen (self);
    *state = self;
    return 0;
}

static inline int
teardown (void **state)
{
    fixture_t *self = *state;
    shelf_close (&self->shelf);
    temp_dir_remove (self->base);
    free (self);
    return 0;
}

//  ---- packages

//  A package that borrows its texts and has the digest 'digest' 32 times.
static inline Ggen__Package
make_package (const char *id, const char *version, uint8_t digest)
{
    static uint8_t digests [256] [32];
    memset (digests [digest], digest, 32);
    Ggen__Package package = GGEN__PACKAGE__INIT;
    package.id = (char *) id;
    package.version = (char *) version;
    package.sha256 = (ProtobufCBinaryData) {32, digests [digest]};
    package.size_bytes = strlen ("archive");
    package.created_at = WALL;
    return package;
}

//  A packed SignedRecord by the key that is 'key' 32 times.
static inline ProtobufCBinaryData
sign (Ggen__RecordKind kind, uint8_t key, ProtobufCBinaryData payload)
{
    uint8_t keys [32], signature [64] = {0};
    memset (keys, key, sizeof keys);
    Ggen__SignedRecord record = GGEN__SIGNED_RECORD__INIT;
    record.kind = kind;
    record.payload = payload;
    record.key = (ProtobufCBinaryData) {sizeof keys, keys};
    record.signature = (ProtobufCBinaryData) {sizeof signature, signature};
    ProtobufCBinaryData packed = {ggen__signed_record__get_packed_size (&record), NULL};
    packed.data = malloc (packed.len);
    ggen__signed_record__pack (&record, packed.data);
    free (payload.data);
    return packed;
}

static inline ProtobufCBinaryData
make_release (const char *id, const char *version, uint8_t key)
{
    Ggen__Release release = GGEN__RELEASE__INIT;
    release.name = (char *) id;
    release.version = (char *) version;
    ProtobufCBinaryData payload = {ggen__release__get_packed_size (&release), NULL};
    payload.data = malloc (payload.len + 1);
    ggen__release__pack (&release, payload.data);
    return sign (GGEN__RECORD_KIND__RELEASE, key, payload);
}

//  A head that yanks one version, or none when it is NULL.
static inline ProtobufCBinaryData
make_head (const char *id, uint64_t seq, uint8_t key, const char *yanked)
{
    Ggen__Head head = GGEN__HEAD__INIT;
    Ggen__HeadVersion version = GGEN__HEAD_VERSION__INIT, *versions [] = {&version};
    head.name = (char *) id;
    head.seq = seq;
    if (yanked) {
        version.version = (char *) yanked;
        version.yanked = true;
        version.yank_reason = (char *) "broken";
        head.versions = versions;
        head.n_versions = 1;
    }
    ProtobufCBinaryData payload = {ggen__head__get_packed_size (&head), NULL};
    payload.data = malloc (payload.len + 1);
    ggen__head__pack (&head, payload.data);
    return sign (GGEN__RECORD_KIND__HEAD, key, payload);
}

//  Locks, puts and unlocks.
static inline code_t
put_item (fixture_t *self, const shelf_put_t *item, bool *there_p)
{
    assert_int_equal (shelf_lock (self->shelf, 0, 0, NULL, NULL), OK);
    code_t code = shelf_put (self->shelf, item, there_p);
    shelf_unlock (self->shelf);
    return code;
}

static inline code_t
put_package (fixture_t *self, const Ggen__Package *package)
{
    bool there;
    return put_item (self,
                     &(shelf_put_t) {.package = package,
                                     .archive_path = self->archive,
                                     .wall_s = WALL},
                     &there);
}

static inline code_t
put (fixture_t *self, const char *id, const char *version, uint8_t digest)
{
    Ggen__Package package = make_package (id, version, digest);
    return put_package (self, &package);
}

//  Signed by 'key', with a head of that seq (0 = none) that yanks 'yanked'.
static inline code_t
put_signed (fixture_t *self, const char *id, const char *version, uint8_t key, uint64_t seq,
            const char *yanked)
{
    Ggen__Package package = make_package (id, version, 1);
    package.record = make_release (id, version, key);
    if (seq)
        package.head = make_head (id, seq, key, yanked);
    code_t code = put_package (self, &package);
    free (package.record.data);
    free (package.head.data);
    return code;
}

#endif
