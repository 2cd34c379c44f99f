// SPDX-License-Identifier: MIT
#include "actors/registry/web_copy_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "actors/registry/disk_io.h"
#include "actors/registry/import_index.h"
#include "actors/registry/import_io.h"
#include "actors/registry/reply.h"
#include "messages/digest.h"
#include "runtime/host/web.h"

#define FORMAT       1              //  of what a copy is made to; another one is fetched anew
#define CURRENT      "current"
#define CURRENT_MAX  (16u << 10)    //  bytes
#define INDEX        ".index.json"
#define LOCK         ".lock"
#define KEY_DIGITS   32
#define SUBJECT      "index.json"

typedef struct {
    const web_copy_ask_t *ask;
    web_copy_t *copy;
    char path [PATH_MAX];           //  DIRECTORY/web/KEY
    int dir;                        //  open, or -1
    unsigned number;                //  of the directory in use; 0: none
    char etag [WEB_ETAG_MAX + 1];
} look_t;

static code_t
fail (look_t *self, code_t code, const char *text)
{
    self->copy->code = code;
    snprintf (self->copy->why, sizeof self->copy->why, "%s", text);
    return code;
}

static code_t
fail_disk (look_t *self, const char *path)
{
    code_t code = disk_code (errno);
    snprintf (self->copy->why, sizeof self->copy->why, "%.800s: %s", path, strerror (errno));
    return self->copy->code = code;
}

//  False: the path is too long.
static bool
find_path (char path [PATH_MAX], const char *cache, const char *url)
{
    digest_t digest;
    char hex [DIGEST_HEX_SIZE + 1];
    SHA256 ((const uint8_t *) url, strlen (url), digest.bytes);
    digest_to_hex (&digest, hex);
    int size = snprintf (path, PATH_MAX, "%s/web/%.*s", cache, KEY_DIGITS, hex);
    return size > 0 && size < PATH_MAX - 32;
}

//  ---- what is there -----------------------------------------------------------------------------

static void
read_current (look_t *self)
{
    uint8_t *text = NULL;
    size_t size = 0;
    struct stat st;
    const char *url = "", *etag = "";
    int number = 0, format = 0;
    if (self->dir == -1 || disk_read (self->dir, CURRENT, CURRENT_MAX, &text, &size) != OK || !text
        || fstatat (self->dir, CURRENT, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    json_t *json = json_loadb ((char *) text, size, 0, NULL);
    free (text);
    char name [16], place [PATH_MAX];
    if (json_unpack (json, "{s:i, s:s, s:s, s:i}", "version", &format, "url", &url, "etag", &etag,
                     "directory", &number)
            == 0
        && format == FORMAT && number > 0 && strcmp (url, self->ask->url) == 0
        && strlen (etag) <= WEB_ETAG_MAX) {
        snprintf (name, sizeof name, "%d", number);
        snprintf (place, sizeof place, "%.*s/%s", PATH_MAX - 20, self->path, name);
        if (faccessat (self->dir, name, R_OK | X_OK, 0) == 0) {
            self->number = (unsigned) number;
            snprintf (self->etag, sizeof self->etag, "%s", etag);
            snprintf (self->copy->directory, sizeof self->copy->directory, "%s", place);
            self->copy->asked_at = st.st_mtim.tv_sec;
        }
    }
    json_decref (json);
}

//  Who waited while it was fetched asked before: then it has an age below zero.
bool
web_copy_is_fresh (const web_copy_t *copy, int64_t wall_s)
{
    int64_t age_s = wall_s - copy->asked_at;
    return *copy->directory && age_s > -WEB_COPY_FRESH_S && age_s < WEB_COPY_FRESH_S;
}

static bool
is_fresh (const look_t *self)
{
    return web_copy_is_fresh (self->copy, self->ask->wall_s);
}

//  ---- fetching ----------------------------------------------------------------------------------

//  Where the index is: the URL itself when that is a .json, else below it.
static bool
index_url (const char *url, char place [WEB_URL_MAX + 1])
{
    char base [WEB_URL_MAX + 2];
    size_t size = strcspn (url, "?#");
    if (size >= 5 && strncmp (url + size - 5, ".json", 5) == 0)
        return web_url_join (place, url, url);
    if (strlen (url) >= WEB_URL_MAX)
        return false;
    snprintf (base, sizeof base, "%.*s%s", (int) size, url, size > 0 && url [size - 1] == '/' ? "" : "/");
    return web_url_join (place, base, "index.json");
}

static code_t
write_current (look_t *self, unsigned number, const char *etag)
{
    char name [16];
    snprintf (name, sizeof name, "%u", number);
    json_t *json = json_pack ("{s:i, s:s, s:s, s:i}", "version", FORMAT, "url", self->ask->url, "etag",
                              etag, "directory", (int) number);
    char *text = json ? json_dumps (json, JSON_INDENT (2) | JSON_SORT_KEYS) : NULL;
    json_decref (json);
    if (!text)
        return fail (self, BUSY, "out of memory");
    code_t code = disk_replace (self->dir, CURRENT, (bytes_t) {(uint8_t *) text, strlen (text)});
    free (text);
    if (code != OK)
        return fail_disk (self, self->path);
    self->number = number;
    snprintf (self->copy->directory, sizeof self->copy->directory, "%.*s/%s", PATH_MAX - 20, self->path,
              name);
    self->copy->asked_at = self->ask->wall_s;
    return OK;
}

//  All directories but the current one and the one before.
static void
sweep (const look_t *self, unsigned before)
{
    int copied = openat (self->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copied == -1 ? NULL : fdopendir (copied);
    if (!list) {
        disk_close (&copied);
        return;
    }
    struct dirent *entry;
    while ((entry = readdir (list))) {
        char *end;
        unsigned long number = strtoul (entry->d_name, &end, 10);
        if (*end == 0 && number > 0 && number != self->number && number != before)
            (void) !disk_remove (self->dir, entry->d_name);
    }
    closedir (list);
}

//  The index that was fetched becomes a directory, and that the current one.
static code_t
take_over (look_t *self, const char *place, const char *etag)
{
    char file [PATH_MAX + 16], directory [PATH_MAX];
    unsigned before = self->number, number = before + 1;
    Ggen__SourceImportReply *reply = NULL;
    Ggen__Failure *failure = NULL;
    snprintf (file, sizeof file, "%s/" INDEX, self->path);
    snprintf (directory, sizeof directory, "%.*s/%u", PATH_MAX - 20, self->path, number);
    if (disk_remove (self->dir, strrchr (directory, '/') + 1) != OK)
        return fail_disk (self, directory);
    const import_t ask = {.path = file,
                          .base = place,
                          .directory = directory,
                          .wall_s = self->ask->wall_s,
                          .crypto = self->ask->crypto,
                          .job = self->ask->job};
    code_t code = import_run (&ask, &reply, &failure);
    if (code == OK)
        code = write_current (self, number, etag);
    else
        fail (self, code, failure ? failure->message : code_name (code));
    if (code == OK)
        sweep (self, before);
    else
        (void) !disk_remove (self->dir, strrchr (directory, '/') + 1);
    if (reply)
        ggen__source_import_reply__free_unpacked (reply, NULL);
    if (failure)
        ggen__failure__free_unpacked (failure, NULL);
    return code;
}

static void
fetch (look_t *self)
{
    char place [WEB_URL_MAX + 1], why [512] = "";
    web_answer_t answer;
    code_t code = web_url_check (self->ask->url, why, sizeof why);
    if (code == OK && !index_url (self->ask->url, place))
        code = VALIDATION;
    if (code != OK) {
        fail (self, code, *why ? why : "no URL of an index.json can be made of it");
        return;
    }
    AUTO (disk_close) int file
        = openat (self->dir, INDEX, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file == -1) {
        fail_disk (self, self->path);
        return;
    }
    const web_ask_t ask = {.url = place,
                           .fd = file,
                           .max_bytes = IMPORT_TEXT_MAX,
                           .etag = self->etag,
                           .packed = true,
                           .job = self->ask->job,
                           .subject = SUBJECT};
    code = web_get (&ask, &answer, why, sizeof why);
    if (code != OK)
        fail (self, code, why);
    else if (!answer.unchanged)
        take_over (self, place, answer.etag);
    else if (utimensat (self->dir, CURRENT, NULL, AT_SYMLINK_NOFOLLOW) == 0)
        self->copy->asked_at = self->ask->wall_s;
    unlinkat (self->dir, INDEX, 0);
}

//  One process fetches; the others go on with what is there.
static void
refresh (look_t *self)
{
    if (self->dir == -1) {
        char path [PATH_MAX];
        snprintf (path, sizeof path, "%s", self->path);
        AUTO (disk_close) int root = open ("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root == -1 || disk_make_directories_unsynced (root, path + 1) != OK
            || (self->dir = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
            fail_disk (self, self->path);
            return;
        }
    }
    AUTO (disk_close) int lock = openat (self->dir, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock == -1)
        fail_disk (self, self->path);
    else if (flock (lock, LOCK_EX | LOCK_NB) != 0)
        fail (self, BUSY, "another process is just fetching its index");
    else {
        read_current (self);            //  Another process may have fetched it since
        if (!is_fresh (self))
            fetch (self);
    }
}

void
web_copy_look (const web_copy_ask_t *ask, web_copy_t *copy)
{
    *copy = (web_copy_t) {.code = OK};
    look_t self = {.ask = ask, .copy = copy, .dir = -1};
    if (!find_path (self.path, ask->cache, ask->url)) {
        fail (&self, VALIDATION, "the path of its copy would be too long");
        return;
    }
    self.dir = open (self.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    read_current (&self);
    if (!is_fresh (&self) && ask->asks)
        refresh (&self);
    else if (self.number == 0)
        fail (&self, NETWORK, "its index was not fetched yet");
    disk_close (&self.dir);
}

void
web_copy_doubt (const char *cache, const char *url, const char *directory)
{
    static const struct timespec long_ago [2];
    web_copy_t copy = {.code = OK};
    const web_copy_ask_t ask = {.cache = cache, .url = url};
    look_t self = {.ask = &ask, .copy = &copy, .dir = -1};
    if (!find_path (self.path, cache, url))
        return;
    AUTO (disk_close) int dir = open (self.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AUTO (disk_close) int lock = dir == -1 ? -1 : openat (dir, LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (lock == -1 || flock (lock, LOCK_EX | LOCK_NB) != 0)
        return;                         //  Somebody is just fetching another one
    self.dir = dir;
    read_current (&self);
    if (strcmp (copy.directory, directory) == 0
        && (!*self.etag || write_current (&self, self.number, "") == OK))
        utimensat (dir, CURRENT, long_ago, AT_SYMLINK_NOFOLLOW);
}

void
web_copy_drop (const char *cache, const char *url)
{
    char path [PATH_MAX];
    if (!find_path (path, cache, url))
        return;
    char *name = strrchr (path, '/');
    *name++ = 0;
    AUTO (disk_close) int dir = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir != -1)
        (void) !disk_remove (dir, name);
}
