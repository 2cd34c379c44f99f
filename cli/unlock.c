// SPDX-License-Identifier: MIT
#include "unlock.h"
#include "render.h"
#include "wording.h"
#include "publisher.pb-c.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define PATH_ROOM 4096

struct unlock_pipe_t {
    int file;                       //  open for both directions, so that the bytes stay
    char path [PATH_ROOM];
};

//  ---- secrets -----------------------------------------------------------------------------------

static bool
fail (const screen_t *screen, code_t code, const char *what, const char *path, const char *hint)
{
    char message [PATH_ROOM + 256];
    snprintf (message, sizeof message, "%s%s%s", path ? path : "", path ? ": " : "", what);
    render_error (screen, code, message, hint);
    return false;
}

//  The first line of what this descriptor gives, without its end. False: nothing, or too much.
static bool
read_line (int file, char secret [UNLOCK_SECRET_MAX + 1])
{
    size_t size = 0;
    ssize_t got = 1;
    while (size <= UNLOCK_SECRET_MAX && got > 0 && !memchr (secret, '\n', size)) {
        got = read (file, secret + size, UNLOCK_SECRET_MAX + 1 - size);
        if (got > 0)
            size += (size_t) got;
    }
    const char *end = memchr (secret, '\n', size);
    size_t length = end ? (size_t) (end - secret) : size;
    if (length > 0 && secret [length - 1] == '\r')
        length--;
    if (length == 0 || length > UNLOCK_SECRET_MAX || got < 0)
        return false;
    sodium_memzero (secret + length, UNLOCK_SECRET_MAX + 1 - length);
    return true;
}

static bool
read_file (const screen_t *screen, const char *path, char secret [UNLOCK_SECRET_MAX + 1])
{
    int file = open (path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return fail (screen, errno == EACCES ? PERMISSION_DENIED : VALIDATION, strerror (errno),
                     path, NULL);
    bool good = read_line (file, secret);
    close (file);
    return good || fail (screen, VALIDATION, "its first line is empty, or longer than 1024 bytes",
                         path, NULL);
}

static bool
ask (const screen_t *screen, const char *what, char secret [UNLOCK_SECRET_MAX + 1])
{
    struct termios shown, hidden;
    int terminal = open ("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0 || tcgetattr (terminal, &shown) != 0) {
        if (terminal >= 0)
            close (terminal);
        return fail (screen, PERMISSION_DENIED, "there is no terminal to ask on", NULL, NULL);
    }
    hidden = shown;
    hidden.c_lflag &= (tcflag_t) ~ECHO;
    tcsetattr (terminal, TCSAFLUSH, &hidden);
    dprintf (terminal, "%s: ", what);
    bool good = read_line (terminal, secret);
    tcsetattr (terminal, TCSAFLUSH, &shown);
    dprintf (terminal, "\n");
    close (terminal);
    return good || fail (screen, VALIDATION, "nothing was typed", NULL, NULL);
}

bool
unlock_secret (const screen_t *screen, const char *what, const char *file, const char *option,
               char secret [UNLOCK_SECRET_MAX + 1])
{
    char message [128], hint [128];
    if (file)
        return read_file (screen, file, secret);
    if (screen->can_ask)
        return ask (screen, what, secret);
    snprintf (message, sizeof message, "the %s is needed, and nobody is there to be asked", what);
    snprintf (hint, sizeof hint, "put it into a file that only you can read, and give %s FILE",
              option);
    return fail (screen, PERMISSION_DENIED, message, NULL, hint);
}

//  ---- the pipe ----------------------------------------------------------------------------------

static bool
make_pipe (unlock_pipe_t *self, const args_t *args, const screen_t *screen)
{
    char *home = session_home (args, screen);
    if (!home)
        return false;
    snprintf (self->path, sizeof self->path, "%s/run", home);
    free (home);
    if (mkdir (self->path, 0700) != 0 && errno != EEXIST)
        return fail (screen, STORAGE, strerror (errno), self->path, NULL);
    size_t used = strlen (self->path);
    snprintf (self->path + used, sizeof self->path - used, "/passphrase-%d.fifo", (int) getpid ());
    unlink (self->path);                    //  Of a process that was killed and had our number
    if (mkfifo (self->path, 0600) != 0)
        return fail (screen, STORAGE, strerror (errno), self->path, NULL);
    self->file = open (self->path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    return self->file >= 0 || fail (screen, STORAGE, strerror (errno), self->path, NULL);
}

static bool
get_passphrase (const args_t *args, const screen_t *screen, bool is_new,
                char secret [UNLOCK_SECRET_MAX + 1])
{
    char again [UNLOCK_SECRET_MAX + 1] = "";
    const char *file = args_value (args, "passphrase-file");
    if (!unlock_secret (screen, "passphrase", file, "--passphrase-file", secret))
        return false;
    if (!is_new || file)
        return true;
    bool same = unlock_secret (screen, "passphrase, once more", file, "--passphrase-file", again);
    if (same && strcmp (again, secret) != 0)
        same = fail (screen, VALIDATION, "that was another one", NULL, NULL);
    sodium_memzero (again, sizeof again);
    return same;
}

bool
unlock_pipe_open (unlock_pipe_t **self_p, const args_t *args, const screen_t *screen, bool is_new)
{
    char secret [UNLOCK_SECRET_MAX + 1] = "";
    unlock_pipe_t *self = *self_p = calloc (1, sizeof *self);
    if (!self)
        return fail (screen, INTERNAL, "out of memory", NULL, NULL);
    self->file = -1;
    bool good = get_passphrase (args, screen, is_new, secret) && make_pipe (self, args, screen);
    if (good && write (self->file, secret, strlen (secret)) != (ssize_t) strlen (secret))
        good = fail (screen, STORAGE, strerror (errno), self->path, NULL);
    sodium_memzero (secret, sizeof secret);
    return good;
}

void
unlock_pipe_close (unlock_pipe_t **self_p)
{
    unlock_pipe_t *self = *self_p;
    if (!self)
        return;
    if (self->file >= 0) {
        close (self->file);
        unlink (self->path);
    }
    free (self);
    *self_p = NULL;
}

const char *
unlock_pipe_path (const unlock_pipe_t *self)
{
    return self ? self->path : NULL;
}

bool
unlock_key (session_t *session, const args_t *args, const screen_t *screen, const char *name)
{
    Ggen__KeyListRequest list = GGEN__KEY_LIST_REQUEST__INIT;
    const Ggen__KeyListReply *keys =
        session_ask (session, "keyring", &list.base, &ggen__key_list_reply__descriptor);
    if (!keys)
        return false;
    bool locked = false;
    for (size_t at = 0; at < keys->n_keys; at++)
        if (strcmp (keys->keys [at]->name, name) == 0)
            locked = keys->keys [at]->encrypted && !keys->keys [at]->unlocked;
    if (!locked)
        return true;
    AUTO (unlock_pipe_close) unlock_pipe_t *pipe = NULL;
    if (!unlock_pipe_open (&pipe, args, screen, false))
        return false;
    Ggen__KeyUnlockRequest request = GGEN__KEY_UNLOCK_REQUEST__INIT;
    request.name = wording_borrow (name);
    request.pipe = pipe->path;
    return session_ask (session, "keyring", &request.base, &ggen__key_unlock_reply__descriptor);
}
