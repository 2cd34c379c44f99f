// SPDX-License-Identifier: MIT
#include "actors/registry/catalog_web_io.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "actors/registry/call.h"
#include "actors/registry/catalog_self_io.h"
#include "actors/registry/disk_io.h"
#include "actors/registry/import_index.h"
#include "actors/registry/index_listed_io.h"
#include "actors/registry/publication.h"
#include "actors/registry/web_url.h"
#include "runtime/host/clock.h"
#include "runtime/host/job.h"
#include "runtime/host/web.h"

#define WHY_MAX 1024
#define TAG_FILE "tag"

struct catalog_web {
    char *index_url;
    char *directory;                //  NULL: nothing is kept
    int64_t fresh_ms;
    int64_t asked_ms;               //  when the server was asked last; -1: never
    code_t code;                    //  what came of it
    char why [WHY_MAX];
    char tag [WEB_TAG_MAX + 1];     //  of what the index has
};

//  ---- life --------------------------------------------------------------------------------------

catalog_t *
catalog_new_web (const char *url, const char *directory, int64_t fresh_ms, const crypto_t *crypto)
{
    catalog_t *self = calloc (1, sizeof *self);
    catalog_web_t *web = calloc (1, sizeof *web);
    if (!self || !web) {
        free (self);
        free (web);
        return NULL;
    }
    self->web = web;
    self->crypto = crypto;
    self->directory = strdup (url);
    web->index_url = web_url_index (url);
    web->directory = directory ? strdup (directory) : NULL;
    web->fresh_ms = fresh_ms ? fresh_ms : CATALOG_WEB_FRESH_MS;
    web->asked_ms = -1;
    if (!self->directory || !web->index_url || (directory && !web->directory))
        catalog_destroy (&self);
    return self;
}

void
catalog_web_destroy (catalog_web_t **self_p)
{
    catalog_web_t *self = *self_p;
    if (!self)
        return;
    free (self->index_url);
    free (self->directory);
    free (self);
    *self_p = NULL;
}

//  ---- what is kept ------------------------------------------------------------------------------

//  -1: nothing is kept, or cannot be.
static int
open_directory (const catalog_web_t *self)
{
    AUTO (disk_close) int root = open ("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!self->directory || root == -1 || disk_make_directories (root, self->directory + 1) != OK)
        return -1;
    return open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

//  A tag without the index that it is of, or of another text, would hide what is new.
static void
load_tag (catalog_web_t *self, int dir)
{
    uint8_t *text = NULL;
    size_t size = 0;
    self->tag [0] = 0;
    if (disk_read (dir, TAG_FILE, WEB_TAG_MAX, &text, &size) == OK && text && !memchr (text, 0, size))
        snprintf (self->tag, sizeof self->tag, "%s", (const char *) text);
    free (text);
}

//  Failing to keep it costs a transfer, nothing else.
static void
keep_tag (catalog_web_t *self, const char *tag)
{
    AUTO (disk_close) int dir = open_directory (self);
    snprintf (self->tag, sizeof self->tag, "%s", tag);
    if (dir != -1
        && disk_write (dir, TAG_FILE, (bytes_t) {(const uint8_t *) tag, strlen (tag)}) != OK)
        self->tag [0] = 0;
}

static code_t
open_index (catalog_t *self, char **why_p)
{
    catalog_web_t *web = self->web;
    AUTO (disk_close) int dir = open_directory (web);
    char *path = NULL;
    int64_t mark = 0;
    if (dir != -1 && asprintf (&path, "%s/index.db", web->directory) < 0)
        path = NULL;
    code_t code = index_open_listed (&self->index, path, why_p);
    if (path && (code == PERMISSION_DENIED || code == INSUFFICIENT_DISK_SPACE)) {
        free (*why_p);
        code = index_open_listed (&self->index, NULL, why_p);
    }
    free (path);
    if (code == OK && dir != -1 && index_mark (self->index, &mark) == OK && mark != 0)
        load_tag (web, dir);
    return code;
}

//  ---- what the server has -----------------------------------------------------------------------

static bool
go_on (void *job, uint64_t done, uint64_t total)
{
    if (done > 0)
        job_progress (job, "index", "", done, total, "bytes");
    return !job_cancelled (job);
}

//  What stands in an index is a stranger's: URLs become whole, what is signed has to hold.
static void
adopt (const catalog_t *self, import_index_t *list)
{
    for (size_t i = 0; i < list->packages_count; i++) {
        Ggen__Package *package = list->packages [i];
        const char *format = NULL;
        if (!package)
            continue;
        char *location = web_url_join (self->web->index_url, package->location);
        reply_set_text (&package->location, location ? location : "");
        free (location);
        const char *why = publication_take_signer (package, self->crypto, &format);
        if (why)
            import_index_skip (list, i, why);
    }
}

//  Two texts have one mark with a probability of 2^-62.
static int64_t
mark_of (const char *text, size_t size)
{
    uint8_t digest [SHA256_DIGEST_LENGTH];
    int64_t mark;
    SHA256 ((const uint8_t *) text, size, digest);
    memcpy (&mark, digest, sizeof mark);
    return (mark & INT64_MAX) | 1;
}

static code_t
fill (catalog_t *self, const char *text, size_t size)
{
    catalog_web_t *web = self->web;
    import_index_t list;
    int64_t mark = mark_of (text, size), before = 0;
    code_t code = index_mark (self->index, &before);
    if (code == OK && before == mark)
        return OK;
    code = import_index_read (&list, text, size, web->why, sizeof web->why);
    if (code != OK)
        return code;
    adopt (self, &list);
    code = index_fill (self->index, &list, mark);
    if (code != OK)
        snprintf (web->why, sizeof web->why, "%s", index_error (self->index));
    import_index_clear (&list);
    return code;
}

//  The text that came is in 'fd'.
static code_t
take_text (catalog_t *self, int fd, const web_answer_t *answer)
{
    size_t size = (size_t) answer->size_bytes;
    char *text = size ? mmap (NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (!text || text == MAP_FAILED) {
        snprintf (self->web->why, sizeof self->web->why, "%s", size ? strerror (errno) : "it is empty");
        return size ? STORAGE : SERIALIZATION;
    }
    code_t code = fill (self, text, size);
    munmap (text, size);
    if (code == OK)
        keep_tag (self->web, answer->tag);
    return code;
}

static code_t
ask_server (catalog_t *self, job_t *job)
{
    catalog_web_t *web = self->web;
    web_answer_t answer;
    AUTO (disk_close) int fd = memfd_create ("index.json", MFD_CLOEXEC);
    if (fd == -1) {
        snprintf (web->why, sizeof web->why, "%s", strerror (errno));
        return STORAGE;
    }
    const web_get_t get = {.url = web->index_url,
                           .fd = fd,
                           .bytes_max = CATALOG_WEB_INDEX_MAX,
                           .tag = web->tag,
                           .compressed = true,
                           .go_on = go_on,
                           .arg = job};
    code_t code = web_get (&get, &answer);
    if (code != OK)
        snprintf (web->why, sizeof web->why, "%s", answer.why);
    if (code != OK || answer.unchanged)
        return code == PACKAGE_NOT_FOUND ? NETWORK : code;
    return take_text (self, fd, &answer);
}

//  ---- a call ------------------------------------------------------------------------------------

static bool
is_due (const catalog_web_t *self)
{
    return self->asked_ms < 0
           || clock_ms () - self->asked_ms
                  >= (self->code == OK ? self->fresh_ms : CATALOG_WEB_RETRY_MS);
}

static void
warn_of_old (catalog_t *self)
{
    char *text = NULL;
    if (asprintf (&text, "%s cannot be asked (%s); this is what it listed before",
                  self->web->index_url, self->web->why)
        >= 0)
        catalog_keep_warning (self, text);
}

bool
catalog_web_is_old (const catalog_t *self)
{
    return self->web && self->web->code != OK;
}

code_t
catalog_web_open (catalog_t *self, catalog_call_t *call)
{
    catalog_web_t *web = self->web;
    int64_t mark = 0;
    if (!self->index) {
        char *why = NULL;
        code_t code = open_index (self, &why);
        if (code != OK)
            catalog_fail (call, reply_failure (code, "", "%s: %s", web->index_url,
                                               why ? why : code_name (code)));
        free (why);
        if (code != OK)
            return code;
    }
    if (call_is_local (call->request))
        return OK;
    if (is_due (web)) {
        web->code = ask_server (self, call->job);
        web->asked_ms = web->code == CANCELLED ? -1 : clock_ms ();
    }
    if (web->code == OK)
        return OK;
    if (web->code == CANCELLED || index_mark (self->index, &mark) != OK || mark == 0)
        return catalog_fail (call, reply_failure (web->code, "is registry.url right, and the server there?",
                                                  "%s: %s", web->index_url, web->why));
    warn_of_old (self);
    return OK;
}
