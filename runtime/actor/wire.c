// SPDX-License-Identifier: MIT
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 8192u
#define ALIGN      16u

//  Bytes of the longest tag: field numbers have 29 bits.
#define TAG_SIZE_MAX 5

typedef struct page_t {
    struct page_t *next;
    size_t size;
    size_t used;
} page_t;

struct wire_arena_t {
    ProtobufCAllocator allocator;
    page_t *pages;          //  newest first; the oldest survives a reset
    size_t given;
    size_t size_max;
};

static uint8_t *
page_data (page_t *page)
{
    size_t header = (sizeof *page + ALIGN - 1) / ALIGN * ALIGN;
    return (uint8_t *) page + header;
}

static page_t *
page_new (size_t size, page_t *next)
{
    size_t header = (sizeof (page_t) + ALIGN - 1) / ALIGN * ALIGN;
    page_t *page = malloc (header + size);
    if (page)
        *page = (page_t) {next, size, 0};
    return page;
}

static void *
wire_arena_pb_alloc (void *arena, size_t size)
{
    return wire_arena_alloc (arena, size);
}

static void
wire_arena_pb_free (void *arena, void *data)
{
    (void) arena;
    (void) data;
}

wire_arena_t *
wire_arena_new (size_t size_max)
{
    wire_arena_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->allocator = (ProtobufCAllocator) {wire_arena_pb_alloc, wire_arena_pb_free, self};
    self->size_max = size_max;
    self->pages = page_new (PAGE_BYTES, NULL);
    if (!self->pages)
        wire_arena_destroy (&self);
    return self;
}

void
wire_arena_destroy (wire_arena_t **self_p)
{
    wire_arena_t *self = *self_p;
    if (!self)
        return;
    while (self->pages) {
        page_t *next = self->pages->next;
        free (self->pages);
        self->pages = next;
    }
    free (self);
    *self_p = NULL;
}

void
wire_arena_reset (wire_arena_t *self)
{
    while (self->pages->next) {
        page_t *next = self->pages->next;
        free (self->pages);
        self->pages = next;
    }
    self->pages->used = 0;
    self->given = 0;
}

void
wire_arena_limit (wire_arena_t *self, size_t size_max)
{
    self->size_max = size_max;
}

void *
wire_arena_alloc (wire_arena_t *self, size_t size)
{
    size_t left = self->size_max > self->given ? self->size_max - self->given : 0;
    if (size > left)
        return NULL;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (size > left)
        return NULL;
    page_t *page = self->pages;
    if (page->size - page->used < size) {
        page = page_new (size > PAGE_BYTES ? size : PAGE_BYTES * 8, page);
        if (!page)
            return NULL;
        self->pages = page;
    }
    void *data = page_data (page) + page->used;
    page->used += size;
    self->given += size;
    return data;
}

//  ---- checking the wire -------------------------------------------------------------------------

//  Whether eight bytes are all ASCII and none is NUL: no high bit is set, and taking one from each
//  sets none (that borrows from a byte only when another already failed).
static bool
plain_8 (const uint8_t *text)
{
    uint64_t word;
    memcpy (&word, text, sizeof word);
    return ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0;
}

//  RFC 3629; no overlong forms, no surrogates, no NUL.
bool
wire_utf8_valid (bytes_t bytes)
{
    const uint8_t *text = bytes.data;
    size_t size = bytes.size, i = 0;
    while (i < size) {
        if (size - i >= 8 && plain_8 (text + i)) {
            i += 8;
            continue;
        }
        uint8_t c = text[i++];
        if (c >= 1 && c < 0x80)
            continue;
        unsigned more;
        uint32_t least, point;
        if (c >= 0xC2 && c <= 0xDF)
            more = 1, least = 0x80, point = c & 0x1Fu;
        else if (c >= 0xE0 && c <= 0xEF)
            more = 2, least = 0x800, point = c & 0x0Fu;
        else if (c >= 0xF0 && c <= 0xF4)
            more = 3, least = 0x10000, point = c & 0x07u;
        else
            return false;
        if (size - i < more)
            return false;
        for (; more > 0; more--, i++) {
            if ((text[i] & 0xC0) != 0x80)
                return false;
            point = point << 6 | (text[i] & 0x3Fu);
        }
        if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
            return false;
    }
    return true;
}

static bool
take_varint (bytes_t *wire, uint64_t *value_p)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && wire->size > 0; shift += 7) {
        uint8_t byte = *wire->data;
        wire->data++, wire->size--;
        value |= (uint64_t) (byte & 0x7F) << shift;
        if (byte < 0x80) {
            *value_p = value;
            return true;
        }
    }
    return false;
}

static bool
take_bytes (bytes_t *wire, uint64_t size, bytes_t *part)
{
    if (size > wire->size)
        return false;
    *part = (bytes_t) {wire->data, (size_t) size};
    wire->data += size;
    wire->size -= (size_t) size;
    return true;
}

bool
wire_take_field (bytes_t *wire, wire_field_t *field)
{
    *field = (wire_field_t) {0};
    size_t size = wire->size;
    if (!take_varint (wire, &field->tag) || field->tag >> 3 == 0 || field->tag > UINT32_MAX
        || size - wire->size > TAG_SIZE_MAX)
        return false;
    switch (field->tag & 7) {
    case 0:
        return take_varint (wire, &field->value);
    case 1:
        return take_bytes (wire, 8, &field->part);
    case 2:
        return take_varint (wire, &field->value) && take_bytes (wire, field->value, &field->part);
    case 5:
        return take_bytes (wire, 4, &field->part);
    default:
        return false;
    }
}

static bool valid_at_depth (const ProtobufCMessageDescriptor *descriptor, bytes_t wire,
                            unsigned depth);

static bool
valid_field (const ProtobufCFieldDescriptor *field, bytes_t part, unsigned depth)
{
    if (!field)
        return true;
    if (field->type == PROTOBUF_C_TYPE_STRING)
        return wire_utf8_valid (part);
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return valid_at_depth (field->descriptor, part, depth + 1);
    return true;
}

static bool
valid_at_depth (const ProtobufCMessageDescriptor *descriptor, bytes_t wire, unsigned depth)
{
    if (depth > WIRE_DEPTH_MAX)
        return false;
    while (wire.size > 0) {
        wire_field_t field;
        if (!wire_take_field (&wire, &field))
            return false;
        unsigned number = (unsigned) (field.tag >> 3);
        if ((field.tag & 7) == 2
            && !valid_field (protobuf_c_message_descriptor_get_field (descriptor, number),
                             field.part, depth))
            return false;
    }
    return true;
}

bool
wire_valid (const ProtobufCMessageDescriptor *descriptor, bytes_t wire)
{
    return valid_at_depth (descriptor, wire, 0);
}

ProtobufCMessage *
wire_unpack (wire_arena_t *arena, const ProtobufCMessageDescriptor *descriptor, bytes_t wire)
{
    if (!wire_valid (descriptor, wire))
        return NULL;
    return protobuf_c_message_unpack (descriptor, &arena->allocator, wire.size, wire.data);
}
