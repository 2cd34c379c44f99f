// SPDX-License-Identifier: MIT
//  From the shelf into the rows of the index.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/registry/index_json.h"
#include "actors/registry/index_self_io.h"
#include "actors/registry/signed_head.h"
#include "actors/registry/version_key.h"
#include "actors/registry/words.h"

#define ALIAS_WORD_MIN 4    //  bytes of a word of a name that fuzzy search knows by itself

static char empty [] = "";

//  A list of texts as one, or NULL.
static char *
joined (const char *const *lists [], const size_t counts [], size_t lists_count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream (&text, &size);
    if (!out)
        return NULL;
    for (size_t i = 0; i < lists_count; i++)
        for (size_t j = 0; j < counts [i]; j++)
            fprintf (out, "%s\n", lists [i] [j]);
    if (fclose (out) == 0)
        return text;
    free (text);
    return NULL;
}

//  The archive's path relative to the registry directory, or "" when it is not in there.
static const char *
archive_of (const index_t *self, const Ggen__Package *package)
{
    const char *directory = shelf_directory (self->shelf);
    size_t length = strlen (directory);
    if (strncmp (package->location, directory, length) == 0 && package->location [length] == '/')
        return package->location + length + 1;
    return "";
}

//  What of a package is in no column of its own.
static uint8_t *
pack_bare (const Ggen__Package *package, bool has_archive, size_t *size_p)
{
    Ggen__Package bare = *package;
    bare.record = bare.head = (ProtobufCBinaryData) {0};
    bare.readme = bare.source = bare.yank_reason = empty;
    bare.yanked = false;
    if (has_archive)
        bare.location = empty;
    *size_p = ggen__package__get_packed_size (&bare);
    uint8_t *data = malloc (*size_p + 1);
    if (data)
        ggen__package__pack (&bare, data);
    return data;
}

static int64_t
package_row (index_t *self, const char *id)
{
    index_db_run (self->db, "INSERT OR IGNORE INTO packages (id) VALUES (?)", "t", id);
    return index_db_value (self->db, "SELECT pid FROM packages WHERE id = ?", 0, "t", id);
}

void
index_insert (index_t *self, const Ggen__Package *package)
{
    version_key_t sort;
    if (!version_key (&sort, package->version))
        return;                     //  The shelf has refused such a version
    uint8_t key [SIGNED_HEAD_KEY_SIZE];
    bytes_t record = {package->record.data, package->record.len};
    bool is_signed = record.size && signed_head_release_key (record, key);
    const char *archive = archive_of (self, package);
    size_t size;
    uint8_t *bare = pack_bare (package, archive [0], &size);
    char *json = index_json_version (package, archive);
    if (bare && json) {
        int64_t pid = package_row (self, package->id);
        index_db_run (
            self->db,
            "INSERT OR REPLACE INTO versions (pid, version, sort, prerelease, yanked, yank_reason,"
            " key, archive, json, record, package) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            "itbiitbttbb", pid, package->version, (bytes_t) {sort.bytes, sort.size},
            (int64_t) sort.prerelease, (int64_t) package->yanked, package->yank_reason,
            (bytes_t) {key, is_signed ? sizeof key : 0}, archive, json, record,
            (bytes_t) {bare, size});
        index_insert_head (self, pid, package->id,
                           (bytes_t) {package->head.data, package->head.len});
    } else
        index_db_fail (self->db, STORAGE);
    free (bare);
    free (json);
}

//  Out of all that a search reads.
static void
hide (index_t *self, int64_t pid)
{
    //  FTS5 over foreign rows wants to be told the old texts, so this comes before they change.
    index_db_run (self->db,
                  "INSERT INTO words (words, rowid, name, description, labels)"
                  " SELECT 'delete', pid, name, description, labels FROM packages"
                  " WHERE pid = ? AND latest <> 0",
                  "i", pid);
    index_db_run (self->db,
                  "INSERT INTO names (names, rowid, name) SELECT 'delete', pid, name"
                  " FROM packages WHERE pid = ? AND latest <> 0",
                  "i", pid);
    index_db_run (self->db, "DELETE FROM aliases WHERE pid = ?", "i", pid);
    index_db_run (self->db, "DELETE FROM labels WHERE pid = ?", "i", pid);
    index_db_run (self->db, "DELETE FROM ranks WHERE pid = ?", "i", pid);
}

static void
insert_alias (index_t *self, int64_t pid, const char *text, bool whole)
{
    index_db_run (self->db, "INSERT OR IGNORE INTO aliases VALUES (?, ?, ?, ?)", "itii",
                  (int64_t) strlen (text), text, (int64_t) whole, pid);
}

//  A name as it is compared, and its words, which fuzzy search compares too.
static void
insert_aliases (index_t *self, int64_t pid, const char *name)
{
    char *folded = words_fold (name);
    if (!folded) {
        index_db_fail (self->db, STORAGE);
        return;
    }
    insert_alias (self, pid, folded, true);
    char *rest = folded, *word;
    while ((word = strsep (&rest, " ")))
        if (strlen (word) >= ALIAS_WORD_MIN)
            insert_alias (self, pid, word, false);
    free (folded);
}

static void
insert_label (index_t *self, int64_t pid, const char *kind, const char *value)
{
    char *folded = words_fold (value);
    if (folded)
        index_db_run (self->db, "INSERT OR IGNORE INTO labels VALUES (?, ?, ?)", "tti", kind,
                      folded, pid);
    else
        index_db_fail (self->db, STORAGE);
    free (folded);
}

//  "Name <mail>" as it is, as the name and as the address.
static void
insert_author (index_t *self, int64_t pid, const char *author)
{
    insert_label (self, pid, "author", author);
    const char *mail = strchr (author, '<');
    char *name = mail ? strndup (author, (size_t) (mail - author)) : NULL;
    if (!name)
        return;
    insert_label (self, pid, "author", name);
    insert_label (self, pid, "author", mail);       //  Folding drops the brackets
    free (name);
}

static void
insert_labels (index_t *self, int64_t pid, const Ggen__Package *package)
{
    for (size_t i = 0; i < package->n_categories; i++)
        insert_label (self, pid, "category", package->categories [i]);
    for (size_t i = 0; i < package->n_tags; i++)
        insert_label (self, pid, "tag", package->tags [i]);
    for (size_t i = 0; i < package->n_authors; i++)
        insert_author (self, pid, package->authors [i]);
    if (package->publisher) {
        insert_label (self, pid, "author", package->publisher->name);
        insert_label (self, pid, "author", package->publisher->email);
    }
    insert_label (self, pid, "license", package->license);
}

//  Into all that a search reads; the row of packages is up to date.
static void
show (index_t *self, int64_t pid, const Ggen__Package *package)
{
    index_db_run (self->db,
                  "INSERT INTO words (rowid, name, description, labels)"
                  " SELECT pid, name, description, labels FROM packages WHERE pid = ?",
                  "i", pid);
    index_db_run (self->db,
                  "INSERT INTO names (rowid, name) SELECT pid, name FROM packages WHERE pid = ?",
                  "i", pid);
    index_db_run (self->db,
                  "INSERT INTO ranks SELECT ?1, coalesce ((SELECT count FROM downloads"
                  " WHERE id = ?3), 0), ?2, ?3",
                  "iit", pid, package->created_at, package->id);
    const char *slash = strchr (package->id, '/');
    insert_aliases (self, pid, package->id);
    if (slash)
        insert_aliases (self, pid, slash + 1);
    if (package->title [0])
        insert_aliases (self, pid, package->title);
    insert_labels (self, pid, package);
}

//  The row of packages: its texts come from the version shown.
static void
describe (index_t *self, int64_t pid, int64_t latest, const Ggen__Package *package)
{
    const char *const *lists [] = {(const char *const *) package->tags,
                                   (const char *const *) package->keywords,
                                   (const char *const *) package->categories};
    size_t counts [] = {package->n_tags, package->n_keywords, package->n_categories};
    const char *names [] = {package->id, package->title};
    const char *const *name_list = names;
    size_t name_count = 2;
    char *json = index_json_package (package);
    char *labels = joined (lists, counts, COUNT_OF (lists));
    char *name = joined (&name_list, &name_count, 1);
    if (json && labels && name)
        index_db_run (self->db,
                      "UPDATE packages SET latest = ?, json = ?, name = ?, description = ?,"
                      " labels = ? WHERE pid = ?",
                      "itttti", latest, json, name, package->description, labels, pid);
    else
        index_db_fail (self->db, STORAGE);
    free (json);
    free (labels);
    free (name);
}

//  The package of one version; NULL when there is none.
static Ggen__Package *
version_package (index_t *self, int64_t vid)
{
    index_db_rows_t *rows = index_db_query (
        self->db,
        "SELECT " INDEX_PACKAGE_COLUMNS " FROM versions v JOIN packages p USING (pid)"
        " WHERE v.vid = ?",
        "i", vid);
    Ggen__Package *package = NULL;
    if (index_db_next (self->db, rows)) {
        package = index_package (self, rows);
        index_db_end (rows);
    }
    return package;
}

void
index_settle (index_t *self, int64_t pid)
{
    index_apply_heads (self, pid);
    hide (self, pid);
    int64_t latest = index_db_value (self->db,
                                     "SELECT vid FROM versions WHERE pid = ? AND NOT yanked"
                                     " ORDER BY prerelease, sort DESC, version DESC LIMIT 1",
                                     0, "i", pid);
    //  With all versions yanked the highest describes the package, but no search finds it.
    int64_t shown = latest ? latest
                           : index_db_value (self->db,
                                             "SELECT vid FROM versions WHERE pid = ?"
                                             " ORDER BY prerelease, sort DESC, version DESC"
                                             " LIMIT 1",
                                             0, "i", pid);
    Ggen__Package *package = shown ? version_package (self, shown) : NULL;
    if (!package) {
        index_db_run (self->db, "DELETE FROM heads WHERE pid = ?", "i", pid);
        index_db_run (self->db, "DELETE FROM rotations WHERE pid = ?", "i", pid);
        index_db_run (self->db, "DELETE FROM packages WHERE pid = ?", "i", pid);
        return;
    }
    describe (self, pid, latest, package);
    if (latest)
        show (self, pid, package);
    ggen__package__free_unpacked (package, NULL);
}

void
index_empty (index_t *self)
{
    index_db_script (self->db, "INSERT INTO words (words) VALUES ('delete-all');"
                               "INSERT INTO names (names) VALUES ('delete-all');"
                               "DELETE FROM aliases; DELETE FROM labels; DELETE FROM ranks;"
                               "DELETE FROM heads; DELETE FROM rotations;"
                               "DELETE FROM versions; DELETE FROM packages;");
}

//  Reads the version from the shelf into the index, or takes it out. NULL: only its heads.
static code_t
take_over (index_t *self, const char *id, const char *version)
{
    Ggen__Package *package = NULL;
    code_t code = version ? shelf_peek (self->shelf, id, version, &package) : OK;
    if (code == OK && package)
        index_insert (self, package);
    else if (code == PACKAGE_NOT_FOUND || code == SERIALIZATION)
        index_db_run (self->db,
                      "DELETE FROM versions WHERE version = ?"
                      " AND pid = (SELECT pid FROM packages WHERE id = ?)",
                      "tt", version, id);
    else if (code != OK)
        return index_fail (self, code, shelf_error (self->shelf));
    ggen__package__free_unpacked (package, NULL);
    int64_t pid = index_db_value (self->db, "SELECT pid FROM packages WHERE id = ?", 0, "t", id);
    if (pid)
        index_settle (self, pid);
    return OK;
}

code_t
index_update (index_t *self, const char *id, const char *version)
{
    assert (shelf_is_locked (self->shelf));
    uint64_t generation;
    int64_t wall_s;
    code_t code = shelf_generation (self->shelf, &generation, &wall_s);
    if (code != OK)
        return index_fail (self, code, shelf_error (self->shelf));
    index_db_begin (self->db);
    uint64_t ours = (uint64_t) index_meta (self, "generation");
    bool known = ours == generation || ours + 1 == generation;
    if (known) {
        code = take_over (self, id, version);
        if (code != OK)
            index_db_fail (self->db, code);
        index_set_meta (self, "generation", (int64_t) generation);
        index_set_meta (self, "updated_at", wall_s);
    }
    code = index_db_commit (self->db);
    if (code == OK && known)
        return OK;
    //  Other changes happened too, or the database is damaged: derive all of it again.
    if (code != OK && !index_db_is_damaged (self->db))
        return index_fail (self, code, index_db_error (self->db));
    char *warning;
    code = index_refresh (self, &warning);
    free (warning);
    return code;
}
