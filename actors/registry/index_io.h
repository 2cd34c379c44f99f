// SPDX-License-Identifier: MIT
//  What is derived from the registry directory so that it can be asked: index.db (SQLite, FTS5) and
//  index.json 1.0.0 (SPEC 3.4). Both carry the generation of the shelf they were made of. Losing
//  them loses nothing but the counts of downloads, which live in index.db alone and survive a
//  rebuild as long as the file can be read.
//
//  A change: shelf_lock, shelf_put (or delete, or replace_head), index_update, shelf_unlock; and
//  index_write_json at leisure, under the lock. A process killed anywhere between leaves a
//  generation that does not agree, and the next index_open or index_refresh rebuilds.
//  Times: update 5 ms, rebuild 0.1 ms a version: a job for a worker thread.
//
//  The shelf is borrowed for the index's life. Every function that reads or writes also returns
//  BUSY       another process's transaction lasted longer than INDEX_DB_BUSY_MS.
//  STORAGE, SERIALIZATION    the database failed; index_refresh rebuilds one that is damaged, so
//             ask again after it.
//  PERMISSION_DENIED, INSUFFICIENT_DISK_SPACE    the disk's answer.
//  index_error has the words.
#ifndef GGEN_INDEX_IO_H
#define GGEN_INDEX_IO_H

#include "actors/registry/shelf_io.h"
#include "registry.pb-c.h"

#define INDEX_LIMIT_MAX 1000    //  results of one search
#define INDEX_FILTERS_MAX 64    //  categories, and tags, of one search; more is VALIDATION

typedef struct index index_t;

//  Opens, and makes current what is missing, damaged or of another generation; that takes the
//  shelf's lock, unless the caller has it.
//  *warning_p is NULL, or a text to show, to be freed by the caller: a damaged index.json was
//  moved to index.json.corrupted (SPEC 6, S1), or versions on the shelf are damaged and left out.
//  When it fails, *warning_p says why.
//  LOCK_TIMEOUT           as of shelf_lock.
//  FEATURE_NOT_ENABLED    there is no SQLite on this machine.
must_use code_t index_open (index_t **self_p, shelf_t *shelf, char **warning_p);

//  The same for a directory that cannot be written (read-only, or its disk is full): the database
//  is in memory and made of the shelf without its lock, now and by index_refresh whenever the
//  generation has moved. index.json is left alone, downloads are those of this life only.
must_use code_t index_open_in_memory (index_t **self_p, shelf_t *shelf, char **warning_p);
void index_close (index_t **self_p);

//  The same check at any later time; a few microseconds when all is current.
must_use code_t index_refresh (index_t *self, char **warning_p);

//  Both indexes made anew from the shelf whatever they say of themselves. Counts of downloads stay.
//  Needs the shelf's lock. *warning_p as of index_open.
must_use code_t index_rebuild (index_t *self, char **warning_p);

//  What failed last, for a person. Borrowed until the next call.
const char *index_error (const index_t *self);

//  Takes over what the shelf has for this version now: added, replaced, head changed (which
//  decides what is yanked, for all versions of its signer), or gone. 'version' NULL: only what is
//  kept in .heads of this id has changed. Needs the shelf's lock. When the shelf has changed
//  otherwise too, rebuilds.
must_use code_t index_update (index_t *self, const char *id, const char *version);

//  Writes index.json when it is not of this generation. Needs the shelf's lock.
must_use code_t index_write_json (index_t *self);

//  Packages come as of shelf_get, without readme; free them with ggen__package__free_unpacked.

//  The highest version not yanked, a pre-release only if nothing else.
//  PACKAGE_NOT_FOUND    no such id, or all its versions are yanked.
must_use code_t index_latest (index_t *self, const char *id, Ggen__Package **package_p);
//  PACKAGE_NOT_FOUND    no such id or version.
must_use code_t index_exact (index_t *self, const char *id, const char *version,
                             Ggen__Package **package_p);
//  Any version, yanked or not.
must_use code_t index_exists (index_t *self, const char *id, bool *exists_p);

//  All versions, ascending, yanked ones marked; none of an unknown id. Of each publisher only the
//  highest version carries the head: SHELF_VERSIONS_MAX copies of it would be a gigabyte.
//  Free with ggen__list_versions_reply__free_unpacked.
must_use code_t index_versions (index_t *self, const char *id, Ggen__ListVersionsReply **reply_p);

//  Latest versions by SPEC 4's ranking: name equal, name contains, name close (when fuzzy),
//  description, tag or keyword or category; then downloads, then id. Every word of the query has to
//  be found; when no text has all of them, words that begin with them count. Filters compare
//  whole values, ASCII case ignored; an author is found by name, by mail address or by both.
//  Results carry neither readme nor record nor head. Packages with all versions yanked are hidden.
//  Free with ggen__search_reply__free_unpacked.
//  VALIDATION    limit not 1..INDEX_LIMIT_MAX, query over WORDS_QUERY_MAX, too many filters.
must_use code_t index_search (index_t *self, const Ggen__SearchRequest *request,
                              Ggen__SearchReply **reply_p);

//  Number of ids.
must_use code_t index_count (index_t *self, uint64_t *count_p);

//  One more installation of each of these ids, in one transaction. Unknown ids are counted too: they
//  may come back.
must_use code_t index_count_downloads (index_t *self, char *const *ids, size_t count);

#endif
