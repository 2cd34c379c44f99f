// SPDX-License-Identifier: MIT
#include "tar_audit.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK 512
//  Global headers are per archive, not per entry; git-archive writes one.
#define GLOBAL_HEADERS_MAX 16

typedef enum { AT_HEADER, IN_EXTENSION, IN_DATA, AT_END } state_t;

//  What extended headers have said about the entry to come.
typedef struct {
    bool pax, long_name, long_link, has_size, has_link;
    uint64_t size;
    char path [REFUSAL_PATH_MAX];       //  For messages only: libarchive decides the name
    size_t path_size;
    char link [101];                    //  As much as a ustar header could hold
    size_t link_size;                   //  Of all of it
} pending_t;

struct tar_audit {
    archive_limits_t limits;
    uint64_t unpacked_max;
    state_t state;
    uint8_t block [BLOCK];
    size_t block_used;
    uint64_t data_left;                 //  IN_DATA: bytes with padding
    uint8_t extension [TAR_AUDIT_EXTENSION_MAX];
    size_t extension_size, extension_used;
    size_t extension_padding;
    char extension_type;
    pending_t pending;
    uint32_t globals;
    uint64_t padding;
    tar_audit_totals_t totals;
};

//  Where the fields of a ustar header are.
enum {
    NAME = 0, NAME_SIZE = 100, SIZE = 124, SIZE_SIZE = 12, CHECKSUM = 148, CHECKSUM_SIZE = 8,
    TYPE = 156, LINK = 157, LINK_SIZE = 100, MAGIC = 257, PREFIX = 345, PREFIX_SIZE = 155
};

tar_audit_t *
tar_audit_new (const archive_limits_t *limits, uint64_t unpacked_max)
{
    tar_audit_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->limits = *limits;
    self->unpacked_max = unpacked_max;
    return self;
}

void
tar_audit_destroy (tar_audit_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

tar_audit_totals_t
tar_audit_totals (const tar_audit_t *self)
{
    return self->totals;
}

//  The best name we have for the entry in 'block', for a message.
static code_t
refuse (const tar_audit_t *self, refusal_class_t kind, refusal_t *refusal, const char *reason)
{
    const pending_t *pending = &self->pending;
    if (pending->path_size)
        return refusal_set (refusal, kind, pending->path, pending->path_size, "%s", reason);
    char name [PREFIX_SIZE + 1 + NAME_SIZE];
    size_t used = 0;
    if (!memcmp (self->block + MAGIC, "ustar", 6)) {
        used = strnlen ((const char *) self->block + PREFIX, PREFIX_SIZE);
        memcpy (name, self->block + PREFIX, used);
        if (used)
            name [used++] = '/';
    }
    size_t size = strnlen ((const char *) self->block + NAME, NAME_SIZE);
    memcpy (name + used, self->block + NAME, size);
    return refusal_set (refusal, kind, name, used + size, "%s", reason);
}

//  Spaces, octal digits, then spaces or NULs up to the end of the field. Base-256 is for numbers
//  that octal cannot hold: 8 GiB and more, far beyond every limit, or a trick.
static bool
parse_octal (const uint8_t *field, size_t size, uint64_t *value)
{
    size_t i = 0;
    while (i < size && field [i] == ' ')
        i++;
    *value = 0;
    size_t digits = i;
    for (; i < size && field [i] >= '0' && field [i] <= '7'; i++)
        *value = *value << 3 | (uint64_t) (field [i] - '0');
    if (i == digits)
        return false;
    for (; i < size; i++)
        if (field [i] != ' ' && field [i])
            return false;
    return true;
}

static bool
checksum_fits (const uint8_t block [BLOCK])
{
    uint64_t wanted;
    if (!parse_octal (block + CHECKSUM, CHECKSUM_SIZE, &wanted))
        return false;
    uint64_t sum = 0;
    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= CHECKSUM && i < CHECKSUM + CHECKSUM_SIZE ? ' ' : block [i];
    return sum == wanted;
}

static bool
is_zero (const uint8_t *data, size_t size)
{
    return !size || (!data [0] && !memcmp (data, data + 1, size - 1));
}

static uint64_t
padded (uint64_t size)
{
    return (size + BLOCK - 1) / BLOCK * BLOCK;
}

//  ---- extended headers ------------------------------------------------------------------------

static bool
key_is (const char *key, size_t size, const char *name)
{
    return size == strlen (name) && !memcmp (key, name, size);
}

//  Values of extended attributes are bytes; all others are text.
static bool
is_binary (const char *key, size_t size)
{
    return (size > 7 && !memcmp (key, "SCHILY.", 7))
           || (size > 11 && !memcmp (key, "LIBARCHIVE.", 11));
}

//  NULL, or what is wrong with this record of a pax header.
static const char *
take_record (tar_audit_t *self, const char *key, size_t key_size, const char *value, size_t size)
{
    pending_t *pending = &self->pending;
    if (self->extension_type == 'g')
        return key_is (key, key_size, "comment") ? NULL : "a global header that sets attributes";
    if (key_size >= 10 && !memcmp (key, "GNU.sparse", 10))
        return "a sparse file";
    if (memchr (value, 0, size) && !is_binary (key, key_size))
        return "a NUL in an extended header";
    if (key_is (key, key_size, "path")) {
        if (pending->path_size)
            return "its path is given twice";
        pending->path_size = size < sizeof pending->path ? size : sizeof pending->path;
        memcpy (pending->path, value, pending->path_size);
    }
    else if (key_is (key, key_size, "linkpath")) {
        if (pending->has_link)
            return "its link is given twice";
        pending->has_link = true;
        pending->link_size = size;
        memcpy (pending->link, value, size < LINK_SIZE ? size : LINK_SIZE);
    }
    else if (key_is (key, key_size, "size")) {
        if (pending->has_size || !size || size > 15)
            return "its size is given twice or out of range";
        pending->has_size = true;
        for (size_t i = 0; i < size; i++) {
            if (value [i] < '0' || value [i] > '9')
                return "its size is no number";
            pending->size = pending->size * 10 + (uint64_t) (value [i] - '0');
        }
    }
    return NULL;
}

//  "<decimal length of the record> <key>=<value>\n", one after the other, to the end of the body.
static const char *
take_pax (tar_audit_t *self)
{
    const char *at = (const char *) self->extension, *end = at + self->extension_size;
    while (at < end) {
        size_t length = 0;
        const char *digit = at;
        for (; digit < end && *digit >= '0' && *digit <= '9' && digit - at < 6; digit++)
            length = length * 10 + (size_t) (*digit - '0');
        if (digit == at || digit == end || *digit != ' ' || length > (size_t) (end - at)
            || length < (size_t) (digit - at) + 3 || at [length - 1] != '\n')
            return "an extended header is damaged";
        const char *key = digit + 1, *newline = at + length - 1;
        const char *equals = memchr (key, '=', (size_t) (newline - key));
        if (!equals || equals == key)
            return "an extended header is damaged";
        const char *reason = take_record (self, key, (size_t) (equals - key), equals + 1,
                                          (size_t) (newline - equals - 1));
        if (reason)
            return reason;
        at = newline + 1;
    }
    return NULL;
}

static code_t
end_extension (tar_audit_t *self, refusal_t *refusal)
{
    pending_t *pending = &self->pending;
    self->state = AT_HEADER;
    if (self->extension_type == 'x' || self->extension_type == 'g') {
        const char *reason = take_pax (self);
        if (!reason)
            return OK;
        bool sparse = !strcmp (reason, "a sparse file");
        return refuse (self, sparse ? REFUSED_BOMB : REFUSED_MALFORMED, refusal, reason);
    }
    if (self->extension_type == 'L' && !pending->path_size) {
        const char *name = (const char *) self->extension;
        size_t size = strnlen (name, self->extension_size);
        pending->path_size = size < sizeof pending->path ? size : sizeof pending->path;
        memcpy (pending->path, name, pending->path_size);
    }
    return OK;
}

//  Each kind of extended header once an entry, and one source of its name.
static code_t
begin_extension (tar_audit_t *self, char type, uint64_t size, refusal_t *refusal)
{
    pending_t *pending = &self->pending;
    bool again = (type == 'x' && (pending->pax || pending->long_name || pending->long_link))
                 || (type == 'L' && (pending->long_name || pending->pax))
                 || (type == 'K' && (pending->long_link || pending->pax))
                 || (type == 'g' && self->globals++ == GLOBAL_HEADERS_MAX);
    if (again)
        return refuse (self, REFUSED_MALFORMED, refusal, "more than one extended header");
    if (size > TAR_AUDIT_EXTENSION_MAX)
        return refuse (self, REFUSED_LIMITS, refusal, "an extended header is larger than 64 KiB");
    pending->pax |= type == 'x';
    pending->long_name |= type == 'L';
    pending->long_link |= type == 'K';
    self->extension_type = type;
    self->extension_size = (size_t) size;
    self->extension_used = 0;
    self->extension_padding = (size_t) (padded (size) - size);
    self->state = IN_EXTENSION;
    return size ? OK : end_extension (self, refusal);
}

//  ---- entries ---------------------------------------------------------------------------------

static code_t
refuse_type (const tar_audit_t *self, char type, refusal_t *refusal)
{
    const pending_t *pending = &self->pending;
    const char *link = (const char *) self->block + LINK;
    size_t link_size = strnlen (link, LINK_SIZE);
    switch (type) {
    case '1':
    case '2':
        //  The header's own link is a cut copy of the extended one, or somebody is lied to
        if (pending->has_link && link_size
            && (link_size > pending->link_size || memcmp (link, pending->link, link_size)))
            return refuse (self, REFUSED_MALFORMED, refusal, "two link targets for one entry");
        return type == '1'
                   ? refuse (self, REFUSED_HARDLINK, refusal, "hard links are not allowed")
                   : refuse (self, REFUSED_SYMLINK, refusal, "symbolic links are not allowed");
    case '3':
    case '4':
        return refuse (self, REFUSED_DEVICE, refusal, "device nodes are not allowed");
    case '6':
        return refuse (self, REFUSED_FIFO, refusal, "named pipes are not allowed");
    case 'S':
        return refuse (self, REFUSED_BOMB, refusal, "sparse files are not allowed");
    default:
        return refuse (self, REFUSED_ODD_TYPE, refusal, "only files and directories are allowed");
    }
}

static code_t
take_entry (tar_audit_t *self, char type, uint64_t size, refusal_t *refusal)
{
    if (type != '0' && type && type != '5')
        return refuse_type (self, type, refusal);
    if (self->pending.has_size && self->pending.size != size)
        return refuse (self, REFUSED_MALFORMED, refusal, "two sizes for one entry");
    if (type == '5' && size)
        return refuse (self, REFUSED_ODD_TYPE, refusal, "a directory with data");
    if (self->totals.entries == self->limits.entries)
        return refuse (self, REFUSED_BOMB, refusal, "too many entries");
    if (size > self->unpacked_max || self->totals.data_bytes + size > self->unpacked_max)
        return refuse (self, REFUSED_BOMB, refusal, "it unpacks to more than its size allows");
    self->totals.entries++;
    self->totals.data_bytes += size;
    self->data_left = padded (size);
    self->state = size ? IN_DATA : AT_HEADER;
    self->pending = (pending_t) {0};
    return OK;
}

static bool
looks_like_cpio (const uint8_t *block)
{
    return !memcmp (block, "070701", 6) || !memcmp (block, "070702", 6)
           || !memcmp (block, "070707", 6);
}

static code_t
take_header (tar_audit_t *self, refusal_t *refusal)
{
    const uint8_t *block = self->block;
    if (is_zero (block, BLOCK)) {
        self->state = AT_END;
        return OK;
    }
    if (looks_like_cpio (block))
        return refusal_set (refusal, REFUSED_WRONG_FORMAT, "", 0,
                            "this is a cpio archive, not tar");
    if (!checksum_fits (block))
        return refusal_set (refusal, REFUSED_MALFORMED, "", 0, "a tar header is damaged");
    uint64_t size;
    if (!parse_octal (block + SIZE, SIZE_SIZE, &size))
        return refuse (self, REFUSED_MALFORMED, refusal, "its size is no number or beyond 8 GiB");
    char type = (char) block [TYPE];
    if (type == 'x' || type == 'g' || type == 'L' || type == 'K')
        return begin_extension (self, type, size, refusal);
    return take_entry (self, type, size, refusal);
}

static size_t
smaller (size_t a, uint64_t b)
{
    return a < b ? a : (size_t) b;
}

static code_t
feed_end (tar_audit_t *self, const uint8_t *data, size_t size, refusal_t *refusal)
{
    self->padding += size;
    if (!is_zero (data, size))
        return refusal_set (refusal, REFUSED_MALFORMED, "", 0,
                            "something follows the end of the archive");
    if (self->padding > TAR_AUDIT_PADDING_MAX)
        return refusal_set (refusal, REFUSED_BOMB, "", 0, "endless padding after the archive");
    return OK;
}

static code_t
feed_extension (tar_audit_t *self, const uint8_t *data, size_t size, size_t *used,
                refusal_t *refusal)
{
    size_t body = smaller (size, self->extension_size - self->extension_used);
    memcpy (self->extension + self->extension_used, data, body);
    self->extension_used += body;
    size_t padding = smaller (size - body, self->extension_padding);
    self->extension_padding -= padding;
    *used = body + padding;
    bool complete = self->extension_used == self->extension_size && !self->extension_padding;
    return complete ? end_extension (self, refusal) : OK;
}

static code_t
feed_header (tar_audit_t *self, const uint8_t *data, size_t size, size_t *used, refusal_t *refusal)
{
    *used = smaller (size, BLOCK - self->block_used);
    memcpy (self->block + self->block_used, data, *used);
    self->block_used += *used;
    //  The first six bytes tell another format that may be shorter than one block
    if (self->block_used < BLOCK)
        return self->block_used >= 6 && !self->totals.entries && looks_like_cpio (self->block)
                   ? take_header (self, refusal) : OK;
    self->block_used = 0;
    return take_header (self, refusal);
}

code_t
tar_audit_feed (tar_audit_t *self, const uint8_t *data, size_t size, refusal_t *refusal)
{
    code_t code = OK;
    while (size && !code) {
        size_t used = size;
        switch (self->state) {
        case AT_HEADER:
            code = feed_header (self, data, size, &used, refusal);
            break;
        case IN_EXTENSION:
            code = feed_extension (self, data, size, &used, refusal);
            break;
        case IN_DATA:
            used = smaller (size, self->data_left);
            self->data_left -= used;
            if (!self->data_left)
                self->state = AT_HEADER;
            break;
        case AT_END:
            code = feed_end (self, data, size, refusal);
            break;
        }
        data += used;
        size -= used;
    }
    return code;
}

code_t
tar_audit_end (const tar_audit_t *self, refusal_t *refusal)
{
    const pending_t *pending = &self->pending;
    if (pending->pax || pending->long_name || pending->long_link)
        return refusal_set (refusal, REFUSED_MALFORMED, "", 0, "an extended header without entry");
    //  The marker is two blocks: the one that was seen, and as much again in the padding
    if (self->state != AT_END || self->padding < BLOCK || self->padding % BLOCK)
        return refusal_set (refusal, REFUSED_MALFORMED, "", 0,
                            "the archive is cut: its end marker is missing");
    if (!self->totals.entries)
        return refusal_set (refusal, REFUSED_MALFORMED, "", 0, "the archive is empty");
    return OK;
}
