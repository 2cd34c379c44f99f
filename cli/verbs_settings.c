// SPDX-License-Identifier: MIT
//  config edit and reset. The file that counts is replaced by rename only, by one that is valid; what
//  was typed is never lost: it stays beside it, as FILE.draft.
#include "verbs.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "text.h"
#include "config/config.h"
#include "config/schema_doc.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX 4096        //  bytes of what is wrong with the settings; more is cut

typedef struct {
    char *home;
    const char *name;           //  one of config_files
    char *path;
    char *draft;                //  PATH.draft: what the editor works on
} edit_t;

static void
edit_release (edit_t *self)
{
    free (self->home);
    free (self->path);
    free (self->draft);
}

static int
fail (const screen_t *screen, const char *path, const char *what)
{
    char message [ARGS_TEXT_MAX];
    snprintf (message, sizeof message, "%.400s: %s", path, what);
    const code_t code = errno == EACCES || errno == EPERM || errno == EROFS ? PERMISSION_DENIED
                        : errno == ENOSPC || errno == EDQUOT ? INSUFFICIENT_DISK_SPACE
                                                             : STORAGE;
    render_error (screen, code, message,
                  code == PERMISSION_DENIED          ? "check who owns the directory and the file"
                  : code == INSUFFICIENT_DISK_SPACE ? "free some space on the disk"
                                                    : NULL);
    return VERB_FAILED;
}

//  The one to edit: of those that are there the one that wins, else the one that is read first.
static bool
find_file (edit_t *self, const args_t *args, const screen_t *screen)
{
    self->home = session_home (args, screen);
    if (!self->home)
        return false;
    self->name = config_files [0];
    for (size_t at = 0; config_files [at]; at++) {
        AUTO (text_free) char *path = NULL;
        if (asprintf (&path, "%s/%s", self->home, config_files [at]) >= 0
            && access (path, F_OK) == 0)
            self->name = config_files [at];
    }
    if (asprintf (&self->path, "%s/%s", self->home, self->name) < 0)
        self->path = NULL;
    if (self->path && asprintf (&self->draft, "%s.draft", self->path) < 0)
        self->draft = NULL;
    if (!self->draft)
        render_error (screen, INTERNAL, "out of memory", NULL);
    return self->draft != NULL;
}

//  ---- files -------------------------------------------------------------------------------------

//  All of a file, as text; new. NULL: errno says why.
static char *
read_text (const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen (path, "re");
    FILE *out = file ? open_memstream (&text, &size) : NULL;
    char bytes [4096];
    size_t all = 0;
    for (size_t got; out && all <= CONFIG_FILE_MAX && (got = fread (bytes, 1, sizeof bytes, file)) > 0;
         all += got)
        if (fwrite (bytes, 1, got, out) != got)
            break;
    if (out)
        fclose (out);
    if (file)
        fclose (file);
    return text;
}

static bool
sync_directory (const char *path)
{
    AUTO (text_free) char *copy = strdup (path);
    int dir = copy ? open (dirname (copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool synced = dir >= 0 && fsync (dir) == 0;
    if (dir >= 0)
        close (dir);
    return synced;
}

static bool
write_text (const char *path, const char *text)
{
    int file = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0)
        return false;
    size_t size = strlen (text), done = 0;
    ssize_t wrote = 0;
    while (done < size && (wrote = write (file, text + done, size - done)) > 0)
        done += (size_t) wrote;
    bool written = done == size && fsync (file) == 0;
    const int reason = errno;
    close (file);
    if (!written)
        unlink (path);          //  part of it would be taken for all of it
    errno = reason;
    return written;
}

//  The editor may have replaced the file, so what is synced is what is there now.
static bool
put_in_place (const char *from, const char *to)
{
    int file = open (from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool synced = file >= 0 && fsync (file) == 0;
    if (file >= 0)
        close (file);
    return synced && rename (from, to) == 0 && sync_directory (to);
}

//  ---- edit --------------------------------------------------------------------------------------

//  A draft to begin with: what was left of the last time, else what counts now, else the sample.
static bool
begin_draft (const edit_t *self, const screen_t *screen)
{
    if (access (self->draft, F_OK) == 0) {
        if (!screen->quiet)
            fprintf (screen->err, "note: going on with what was not valid the last time\n");
        return true;
    }
    AUTO (text_free) char *text = access (self->path, F_OK) == 0 ? read_text (self->path)
                                                                : schema_doc_toml ();
    if (mkdir (self->home, 0700) != 0 && errno != EEXIST)
        return fail (screen, self->home, strerror (errno)) == VERB_DONE;
    if (text && write_text (self->draft, text))
        return true;
    return fail (screen, self->draft, strerror (errno)) == VERB_DONE;
}

static const char *
editor (void)
{
    static const char *const names [] = {"VISUAL", "EDITOR"};
    for (size_t at = 0; at < COUNT_OF (names); at++) {
        const char *value = getenv (names [at]);
        if (value && *value)
            return value;
    }
    return "vi";
}

//  $VISUAL and $EDITOR are commands: they may have options.
static bool
run_editor (const edit_t *self, const screen_t *screen)
{
    AUTO (text_free) char *command = NULL;
    if (asprintf (&command, "%s \"$1\"", editor ()) < 0)
        return false;
    pid_t child = fork ();
    if (child == 0) {
        signal (SIGPIPE, SIG_DFL);
        execl ("/bin/sh", "sh", "-c", command, "sh", self->draft, (char *) NULL);
        _exit (127);
    }
    int status = 0;
    pid_t ended = -1;
    while (child > 0 && (ended = waitpid (child, &status, 0)) < 0 && errno == EINTR)
        ;
    if (ended == child && WIFEXITED (status) && WEXITSTATUS (status) == 0)
        return true;
    char message [ARGS_TEXT_MAX];
    snprintf (message, sizeof message, "the editor failed: %.300s", editor ());
    render_error (screen, VALIDATION, message, "name one: EDITOR=nano ggen config edit");
    return false;
}

//  The draft in the place of its file, with the others and the environment. NULL: no memory.
static config_t *
check (const edit_t *self, bool *valid_p)
{
    config_t *config = config_new (self->home);
    *valid_p = config != NULL;
    for (size_t at = 0; config && config_files [at]; at++) {
        AUTO (text_free) char *path = NULL;
        const bool edited = strcmp (config_files [at], self->name) == 0;
        if (asprintf (&path, "%s/%s", self->home, config_files [at]) < 0)
            *valid_p = false;
        else if (edited || access (path, F_OK) == 0)
            *valid_p &= config_read_file (config, edited ? self->draft : path) == OK;
    }
    if (config)
        *valid_p &= config_read_env (config) == OK && config_check (config) == OK;
    return config;
}

static int
refuse (const edit_t *self, const screen_t *screen, const config_t *config)
{
    char hint [ARGS_TEXT_MAX], message [MESSAGE_MAX];
    const json_t *errors = config ? config_errors (config) : NULL;
    size_t used = (size_t) snprintf (message, sizeof message, "these settings are not valid");
    for (size_t at = 0; at < json_array_size (errors) && used < sizeof message; at++)
        used += (size_t) snprintf (message + used, sizeof message - used, "\n%s",
                                   json_string_value (json_array_get (errors, at)));
    snprintf (hint, sizeof hint, "the settings are as they were; go on with what you typed: ggen "
                                 "config edit; or drop it: rm %.300s", self->draft);
    render_error (screen, CONFIG, message, hint);
    return VERB_FAILED;
}

static int
tell_edited (const edit_t *self, const screen_t *screen, bool changed)
{
    AUTO (text_free) char *path = text_clean (self->path);
    if (screen->json) {
        json_t *document = json_object ();
        shape_set (&document, "path", shape_text (self->path));
        shape_set (&document, "changed", json_boolean (changed));
        render_json (screen, document);
    }
    else if (changed)
        screen_say (screen, "%s %s is changed. A node that runs heeds it when it is started again.\n",
                    render_mark (screen, MARK_GOOD), path ? path : "");
    else
        screen_say (screen, "Nothing was changed.\n");
    return VERB_DONE;
}

int
config_edit_run (const args_t *args, const screen_t *screen)
{
    AUTO (edit_release) edit_t self = {.home = NULL};
    if (!find_file (&self, args, screen) || !begin_draft (&self, screen)
        || !run_editor (&self, screen))
        return VERB_FAILED;
    AUTO (text_free) char *before = read_text (self.path);
    AUTO (text_free) char *after = read_text (self.draft);
    if (!after)
        return fail (screen, self.draft, strerror (errno));
    bool valid;
    AUTO (config_destroy) config_t *config = check (&self, &valid);
    if (!valid)
        return refuse (&self, screen, config);
    const bool changed = !before || strcmp (before, after) != 0;
    if (!changed)
        unlink (self.draft);
    else if (!put_in_place (self.draft, self.path))
        return fail (screen, self.path, strerror (errno));
    return tell_edited (&self, screen, changed);
}

//  ---- reset -------------------------------------------------------------------------------------

int
config_reset_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *home = session_home (args, screen);
    if (!home)
        return VERB_FAILED;
    json_t *document = json_object (), *files = json_array ();
    for (size_t at = 0; config_files [at]; at++) {
        AUTO (text_free) char *path = NULL, *kept = NULL;
        if (asprintf (&path, "%s/%s", home, config_files [at]) < 0
            || asprintf (&kept, "%s.old", path) < 0 || access (path, F_OK) != 0)
            continue;
        if (rename (path, kept) != 0 || !sync_directory (kept)) {
            json_decref (files);
            json_decref (document);
            return fail (screen, path, strerror (errno));
        }
        json_t *file = json_object ();
        shape_set (&file, "path", shape_text (path));
        shape_set (&file, "kept_as", shape_text (kept));
        shape_append (&files, file);
        AUTO (text_free) char *shown = text_clean (kept);
        if (!screen->json)
            screen_say (screen, "Every setting has its default again; what was set is in %s\n",
                        shown ? shown : "");
    }
    if (!screen->json && json_array_size (files) == 0)
        screen_say (screen, "Every setting has its default already: there is no settings file.\n");
    shape_set (&document, "files", files);
    if (screen->json)
        render_json (screen, document);
    else
        json_decref (document);
    return VERB_DONE;
}
