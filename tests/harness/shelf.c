// SPDX-License-Identifier: MIT
#include "shelf.h"

#include "messages/discovery_valid.h"

#include <assert.h>
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

struct shelf_t {
    pthread_mutex_t lock;
    const char *dir;
    struct dirent **folders;        //  of real packs; NULL: they are made
    const char *packages;
    int folders_count;
    unsigned made, renewed;
    release_t releases[SHELF_MAX];
    unsigned count;
};

static int
is_visible (const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

shelf_t *
shelf_new (const char *dir, const char *packages)
{
    shelf_t *self = calloc (1, sizeof *self);
    assert (self);
    pthread_mutex_init (&self->lock, NULL);
    self->dir = dir;
    self->packages = packages;
    if (packages)
        self->folders_count = scandir (packages, &self->folders, is_visible, alphasort);
    return self;
}

void
shelf_destroy (shelf_t **self_p)
{
    shelf_t *self = *self_p;
    if (!self)
        return;
    for (int i = 0; i < self->folders_count; i++)
        free (self->folders[i]);
    free (self->folders);
    pthread_mutex_destroy (&self->lock);
    free (self);
    *self_p = NULL;
}

//  ---- packs ---------------------------------------------------------------------------------------

//  Words that have no part in common, so that no search finds another's.
static void
word_of (unsigned number, char word[SHELF_NAME_MAX])
{
    static const char *const syllables[] = {"ba", "de", "fi", "go", "ku", "la", "me", "ni",
                                            "po", "ru", "sa", "te", "vi", "wo", "xu", "za"};
    snprintf (word, SHELF_NAME_MAX, "q%s%s%sq", syllables[number >> 8 & 15],
              syllables[number >> 4 & 15], syllables[number & 15]);
}

static bool
write_bytes (const char *path, unsigned size_kib)
{
    uint8_t block[1024];
    FILE *file = fopen (path, "w");
    bool good = file != NULL;
    for (unsigned i = 0; good && i < size_kib; i++)
        good = getrandom (block, sizeof block, 0) == sizeof block
               && fwrite (block, sizeof block, 1, file) == 1;
    return file && fclose (file) == 0 && good;
}

static bool
write_pack (const shelf_t *self, const char *name, const char *version, const char *word,
            unsigned size_kib, char path[SHELF_PATH_MAX])
{
    char file_path[SHELF_PATH_MAX + 32];
    snprintf (path, SHELF_PATH_MAX, "%s/packs", self->dir);
    mkdir (path, 0700);
    snprintf (path, SHELF_PATH_MAX, "%s/packs/%s-%s", self->dir, name, version);
    if (mkdir (path, 0700) != 0)
        return false;
    snprintf (file_path, sizeof file_path, "%s/gpack.toml", path);
    FILE *file = fopen (file_path, "w");
    if (!file)
        return false;
    fprintf (file,
             "[gpack]\nname = \"%s\"\nversion = \"%s\"\ndescription = \"A pack of the harness\"\n"
             "license = \"MIT\"\nkeywords = [\"%s\"]\n",
             name, version, word);
    snprintf (file_path, sizeof file_path, "%s/bytes", path);
    return fclose (file) == 0 && write_bytes (file_path, size_kib);
}

bool
shelf_make (shelf_t *self, unsigned size_kib, char path[SHELF_PATH_MAX])
{
    char name[SHELF_NAME_MAX], word[SHELF_NAME_MAX];
    pthread_mutex_lock (&self->lock);
    unsigned number = self->made++;
    pthread_mutex_unlock (&self->lock);
    if (self->packages) {
        if (number >= (unsigned) (self->folders_count > 0 ? self->folders_count : 0))
            return false;
        snprintf (path, SHELF_PATH_MAX, "%s/%s", self->packages, self->folders[number]->d_name);
        return true;
    }
    word_of (number, word);
    snprintf (name, sizeof name, "pack%u", number);
    return write_pack (self, name, "1.0.0", word, size_kib, path);
}

bool
shelf_renew (shelf_t *self, const release_t *release, char path[SHELF_PATH_MAX])
{
    char version[SHELF_NAME_MAX];
    pthread_mutex_lock (&self->lock);
    snprintf (version, sizeof version, "1.0.%u", ++self->renewed);
    pthread_mutex_unlock (&self->lock);
    return write_pack (self, release->name, version, release->word, 2, path);
}

//  ---- releases ------------------------------------------------------------------------------------

//  The last of its keywords: of its description rather than of its name.
static void
take_word (const Ggen__Package *package, char word[SHELF_NAME_MAX])
{
    char keywords[DISCOVERY_KEYWORDS_MAX][DISCOVERY_KEYWORD_MAX + 1];
    size_t count = discovery_keywords (package, keywords);
    if (count > 0)
        strcpy (word, keywords[count - 1]);
}

void
shelf_add (shelf_t *self, const Ggen__Package *package, unsigned publisher)
{
    release_t release = {.publisher = publisher, .newest = true};
    snprintf (release.name, sizeof release.name, "%s", package->id);
    snprintf (release.version, sizeof release.version, "%s", package->version);
    snprintf (release.word, sizeof release.word, "%s", package->id);
    if (package->n_keywords > 0)
        snprintf (release.word, sizeof release.word, "%s", package->keywords[0]);
    else
        take_word (package, release.word);
    if (digest_from_field (&release.sha256, package->sha256) != OK)
        return;
    pthread_mutex_lock (&self->lock);
    for (unsigned i = 0; i < self->count; i++)
        if (strcmp (self->releases[i].name, release.name) == 0)
            self->releases[i].newest = false;
    if (self->count < SHELF_MAX)
        self->releases[self->count++] = release;
    pthread_mutex_unlock (&self->lock);
}

unsigned
shelf_count (shelf_t *self)
{
    pthread_mutex_lock (&self->lock);
    unsigned count = self->count;
    pthread_mutex_unlock (&self->lock);
    return count;
}

release_t
shelf_at (shelf_t *self, unsigned index)
{
    pthread_mutex_lock (&self->lock);
    release_t release = self->releases[index];
    pthread_mutex_unlock (&self->lock);
    return release;
}

void
shelf_note_holders (shelf_t *self, unsigned index, const uint64_t holders[2])
{
    pthread_mutex_lock (&self->lock);
    memcpy (self->releases[index].holders, holders, sizeof self->releases[index].holders);
    pthread_mutex_unlock (&self->lock);
}
