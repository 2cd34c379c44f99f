// SPDX-License-Identifier: MIT
#include "refusal.h"
#include "unicode.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    code_t code;
} classes [REFUSED_COUNT] = {
    [REFUSED_ABSOLUTE_PATH] = {"absolute path", SECURITY},
    [REFUSED_PATH_TRAVERSAL] = {"path traversal", SECURITY},
    [REFUSED_TOP_DIRECTORY] = {"wrong top directory", VALIDATION},
    [REFUSED_SYMLINK] = {"symlink", SECURITY},
    [REFUSED_HARDLINK] = {"hardlink", SECURITY},
    [REFUSED_DEVICE] = {"device node", SECURITY},
    [REFUSED_FIFO] = {"fifo", SECURITY},
    [REFUSED_ODD_TYPE] = {"odd entry type", VALIDATION},
    [REFUSED_RESERVED_NAME] = {"reserved name", VALIDATION},
    [REFUSED_NAME] = {"name", VALIDATION},
    [REFUSED_DUPLICATE] = {"duplicate", VALIDATION},
    [REFUSED_COLLISION] = {"collision", VALIDATION},
    [REFUSED_LIMITS] = {"limits", VALIDATION},
    [REFUSED_BOMB] = {"bomb", SECURITY},
    [REFUSED_MALFORMED] = {"malformed", VALIDATION},
    [REFUSED_WRONG_FORMAT] = {"wrong format", VALIDATION},
    [REFUSED_MANIFEST] = {"manifest", VALIDATION},
    [REFUSED_CHANGED] = {"changed", STORAGE},
    [REFUSED_SYSTEM] = {"system", STORAGE},
};

const char *
refusal_name (refusal_class_t kind)
{
    return (unsigned) kind < REFUSED_COUNT ? classes [kind].name : "unknown";
}

//  Hostile names reach terminals through this text: what is not plainly printable is escaped.
static void
set_path (refusal_t *self, const char *path, size_t size)
{
    bool plain = unicode_is_plain (path, size);
    size_t used = 0;
    const size_t room = sizeof self->path - sizeof "\\xNN...";
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char) path [i];
        if (used >= room) {
            //  Cut between characters, not inside one
            while (used && ((unsigned char) self->path [used - 1] & 0xc0) == 0x80)
                used--;
            if (used && (unsigned char) self->path [used - 1] >= 0xc0)
                used--;
            memcpy (self->path + used, "...", 3);
            used += 3;
            break;
        }
        if (plain || (byte >= 0x20 && byte < 0x7f))
            self->path [used++] = (char) byte;
        else
            used += (size_t) snprintf (self->path + used, 5, "\\x%02x", byte);
    }
    self->path [used] = 0;
}

code_t
refusal_set (refusal_t *self, refusal_class_t kind, const char *path, size_t path_size,
             const char *format, ...)
{
    code_t code = classes [kind].code;
    if (!self)
        return code;
    self->code = code;
    self->kind = kind;
    set_path (self, path, path_size);
    int used = snprintf (self->text, sizeof self->text, "%s%s%s: ", self->path,
                         *self->path ? ": " : "", classes [kind].name);
    va_list arguments;
    va_start (arguments, format);
    vsnprintf (self->text + used, sizeof self->text - (size_t) used, format, arguments);
    va_end (arguments);
    return code;
}

static code_t
code_of_errno (int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return INSUFFICIENT_DISK_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return PERMISSION_DENIED;
    case EEXIST:
        return ALREADY_EXISTS;
    default:
        return STORAGE;
    }
}

code_t
refusal_system (refusal_t *self, int error, const char *path, const char *action)
{
    refusal_set (self, REFUSED_SYSTEM, path, strlen (path), "cannot %s: %s", action,
                 strerrordesc_np (error) ? strerrordesc_np (error) : "unknown error");
    code_t code = code_of_errno (error);
    if (self)
        self->code = code;
    return code;
}
