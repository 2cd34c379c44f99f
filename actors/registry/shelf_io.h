// SPDX-License-Identifier: MIT
//  The registry directory: the truth from which both indexes are derived (SPEC 3.4).
//
//      ID/VERSION/package                  packed Ggen__Package without readme, record and head
//                 record                   packed SignedRecord of the release     (signed ones)
//                 head                     packed SignedRecord of a head          (see below)
//                 readme                   its text                               (when it has one)
//                 gpack.toml ...           the manifest as found in the archive   (when given)
//                 NAME-VERSION.tar.gz      the archive, or .tar.zst               (when given)
//                 NAME-VERSION.tar.gz.minisig    its signature for minisign(1)    (when given)
//      ID/.heads/KEY.head                  newest head of a key that has no version of ID to lie in, or
//                KEY.rotation              that came by itself; a rotation by this recovery key
//      .lock                               flock EX around changes; holds the writer's pid
//      generation                          "NUMBER WALL_SECONDS": the last change, see below
//      .tmp/  .trash/                      being made; being removed
//
//  A directory is a version when it holds 'package'; '/' in an id makes directories in directories.
//  A publish becomes true by one rename of a complete, synced directory to ID/VERSION.
//  The newest head of a publisher for a name is the one of highest seq in any version directory of
//  that name and in .heads, so a release and the head that tells of it become true by the same rename. Older
//  heads of the same publisher are then removed; one that a crash left behind does no harm.
//  'generation' moves, synced, before each change: who derived something from the directory and
//  remembers another number knows that it is stale. One that is made anew starts at the wall clock
//  in microseconds, so a number never means two states.
//
//  Changes need shelf_lock; reads need nothing and see each version before or after a change.
//
//  Besides the codes told at each function, all return
//  PERMISSION_DENIED, INSUFFICIENT_DISK_SPACE, STORAGE    the disk's answer.
//  and shelf_error then tells what failed, with path and reason.
#ifndef GGEN_SHELF_IO_H
#define GGEN_SHELF_IO_H

#include "messages/base.h"
#include "package.pb-c.h"

#define SHELF_LOCK_ATTEMPTS 3
#define SHELF_LOCK_ATTEMPT_MS 5000
#define SHELF_PACKAGE_MAX (1u << 20)    //  bytes; more in a put is VALIDATION, on disk is damage
#define SHELF_RECORD_MAX (4u << 20)
#define SHELF_HEAD_MAX (4u << 20)
#define SHELF_README_MAX (4u << 20)
#define SHELF_MANIFEST_MAX (1u << 20)
#define SHELF_MINISIG_MAX 4096
#define SHELF_VERSIONS_MAX 5000         //  of one id; one more is VALIDATION
#define SHELF_HEADS_MAX 64              //  files in .heads of one id; one more is VALIDATION
#define SHELF_WALK_MAX 2000000          //  versions a walk visits; more is STORAGE

typedef struct shelf shelf_t;

//  Opens the registry directory, creating it and what is missing in it, and removes what a crash
//  left behind unless another process is just writing. Nothing is written when all is in order.
must_use code_t shelf_open (shelf_t **self_p, const char *directory);
//  The same for a directory that is there and in which nothing at all may be written: shelf_lock
//  and with it every change is PERMISSION_DENIED.
must_use code_t shelf_open_to_look (shelf_t **self_p, const char *directory);

//  The same for somebody else's directory: nothing in it is created, locked or swept, now or later,
//  and shelf_lock must not be called.
//  STORAGE    also when there is no such directory.
must_use code_t shelf_open_foreign (shelf_t **self_p, const char *directory);

//  Does the directory's name still lead to what was opened?
bool shelf_is_there (const shelf_t *self);

//  Unlocks and closes. NULL is fine.
void shelf_close (shelf_t **self_p);

//  What failed last, for a person. Borrowed until the next call.
const char *shelf_error (const shelf_t *self);

//  The directory, absolute. Borrowed.
const char *shelf_directory (const shelf_t *self);

//  Told before each wait for the lock: who holds it (0 = unknown), which wait of how many.
typedef void (shelf_waiting_fn) (void *arg, int pid, unsigned attempt, unsigned attempts);

//  Told from time to time in long work over the whole directory (a walk, an index made of it): so many of
//  'total' are done, 0 = nobody knows. One at a time; NULL ends it. 'arg' is borrowed until then.
typedef void (shelf_watch_fn) (void *arg, uint64_t done, uint64_t total);
void shelf_watch (shelf_t *self, shelf_watch_fn *watch, void *arg);
//  For who derives something from it: tell the one that watches.
void shelf_tell (const shelf_t *self, uint64_t done, uint64_t total);

//  Takes the writers' lock, waiting up to 'attempts' times 'attempt_ms' (0 attempts: not at all).
//  Recreates the directory when it is gone. 'waiting' may be NULL.
//  Not recursive; shelf_is_locked tells.
//  LOCK_TIMEOUT      another process holds it; shelf_error names path, time and pid.
must_use code_t shelf_lock (shelf_t *self, unsigned attempts, unsigned attempt_ms,
                            shelf_waiting_fn *waiting, void *arg);
void shelf_unlock (shelf_t *self);
bool shelf_is_locked (const shelf_t *self);

//  The number of the last change, and its wall time in seconds. 0 and 0 when there is none.
must_use code_t shelf_generation (shelf_t *self, uint64_t *generation_p, int64_t *wall_s_p);

typedef struct {
    const Ggen__Package *package;       //  with sha256, size_bytes, record, head and readme
    const char *archive_path;           //  NULL: none is stored, package->location is an URL
    const char *archive_format;         //  "tar.gz" or "tar.zst"; NULL = "tar.gz"
    bytes_t manifest;
    const char *manifest_name;          //  one of the four of SPEC 3.1; NULL = none
    const char *minisig;                //  text to lie beside the archive; NULL = none
    bool force;                         //  replace another digest
    bool again;                         //  replace the same digest too: its bytes are damaged
    int64_t wall_s;
} shelf_put_t;

//  Adds a version, all or nothing. The archive is linked or copied, never moved or hashed; only
//  its size is checked. Signatures and digests are the caller's to verify first.
//  A replaced version never takes the newest head of its publisher with it.
//  OK               it is there. *already_there_p: it was, with this digest; then only a newer head
//                   is taken over.
//  ALREADY_EXISTS   another digest (both are named), or an id that differs in case only.
//  VALIDATION       id, version, manifest name, format, a size, or a place taken by a directory of
//                   another id ("a/1.0.0" beside version 1.0.0 of "a"), or a head of another id.
//  SERIALIZATION    this version is there and damaged; 'force' and 'again' replace it.
must_use code_t shelf_put (shelf_t *self, const shelf_put_t *item, bool *already_there_p);

//  Between these two the directory is filled by shelf_put and shelf_keep_record as fast as files can be
//  made: it must be new, locked, and known to nobody else until shelf_filled has put all of it onto the
//  disk by one sync. A crash before leaves a directory to be removed. An id that differs from another in
//  case only is then the caller's to find.
must_use code_t shelf_fill (shelf_t *self, int64_t wall_s);
must_use code_t shelf_filled (shelf_t *self);

//  Everything about one version; free it with ggen__package__free_unpacked. 'record' is as stored,
//  'head' the newest of the record's signer, 'location' the archive's absolute path, 'source' is
//  "file".
//  PACKAGE_NOT_FOUND    no such version.
//  SERIALIZATION        its files are damaged.
must_use code_t shelf_get (shelf_t *self, const char *id, const char *version,
                           Ggen__Package **package_p);

//  The same as shelf_walk shows it: without readme, 'head' being that of this directory or empty.
must_use code_t shelf_peek (shelf_t *self, const char *id, const char *version,
                            Ggen__Package **package_p);

//  The manifest as stored, to be freed by the caller, and its name (static).
//  PACKAGE_NOT_FOUND    no such version, or it has none.
must_use code_t shelf_manifest (shelf_t *self, const char *id, const char *version,
                                uint8_t **data_p, size_t *size_p, const char **name_p);

//  The signature for minisign(1) that lies beside the archive, to be freed by the caller. OK with
//  *text_p NULL when there is none.
//  PACKAGE_NOT_FOUND    no such version.
must_use code_t shelf_minisig (shelf_t *self, const char *id, const char *version, char **text_p);

//  The record as stored, to be freed by the caller. OK with *data_p NULL when it has none.
//  PACKAGE_NOT_FOUND    no such version.
must_use code_t shelf_record (shelf_t *self, const char *id, const char *version,
                              uint8_t **data_p, size_t *size_p);

//  The versions of an id, ascending (SemVer precedence, then bytes). Free each and the list.
//  An unknown id has none.
must_use code_t shelf_versions (shelf_t *self, const char *id, char ***versions_p,
                                size_t *count_p);

//  The newest head that 'key' (32 bytes) signed for 'id', packed, to be freed by the caller.
//  OK with *data_p NULL when there is none.
must_use code_t shelf_head (shelf_t *self, const char *id, bytes_t key, uint8_t **data_p,
                            size_t *size_p);

//  Takes one version out by one rename; its files go with the next shelf_sweep. Its head moves to
//  another version of the same publisher when it is the newest, and to .heads when there is none:
//  its seq never goes back.
//  PACKAGE_NOT_FOUND    no such version.
must_use code_t shelf_delete (shelf_t *self, const char *id, const char *version, int64_t wall_s);

//  A newer head (a yank, a rotation), put into that version's directory by one rename.
//  PACKAGE_NOT_FOUND    no such version.
//  VALIDATION           no head, of another name, or its seq is not above the newest of its signer.
must_use code_t shelf_replace_head (shelf_t *self, const char *id, const char *version,
                                    bytes_t head, int64_t wall_s);

//  A newer head of its signer, or a rotation of a newer seq, that comes without a version: kept in
//  .heads by one rename. The same again is OK and changes nothing.
//  PACKAGE_NOT_FOUND    nothing was ever here of this id.
//  VALIDATION           neither, or of another name, or not newer, or SHELF_HEADS_MAX are there.
must_use code_t shelf_keep_record (shelf_t *self, const char *id, bytes_t record, int64_t wall_s);

//  Called with each packed record; borrowed.
typedef void (shelf_record_fn) (void *arg, bytes_t record);

//  What is in .heads of this id: heads and rotations.
must_use code_t shelf_kept_records (shelf_t *self, const char *id, shelf_record_fn *visit,
                                    void *arg);

//  The newest head of each key that signed one of this id, and the rotations: SHELF_HEADS_MAX keys
//  at most; more are left out.
must_use code_t shelf_records (shelf_t *self, const char *id, shelf_record_fn *visit, void *arg);

//  Called with each version; 'package' as of shelf_peek, borrowed. Not OK ends the walk.
typedef code_t (shelf_visit_fn) (void *arg, const Ggen__Package *package);

//  Visits all versions in no particular order. *damaged_p counts directories that look like a
//  version and cannot be read; they are skipped, and shelf_error names the first.
must_use code_t shelf_walk (shelf_t *self, shelf_visit_fn *visit, void *arg, size_t *damaged_p);

//  Removes trash and abandoned stages. Needs the lock. What cannot be removed stays for next time.
void shelf_sweep (shelf_t *self);

#endif
