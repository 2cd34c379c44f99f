// SPDX-License-Identifier: MIT
#include "sim_store_place.h"

#include "sim_archive.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
sim_place (char path[SIM_PATH_MAX], const char *root, const char *format, ...)
{
    va_list args;
    size_t used = (size_t) snprintf (path, SIM_PATH_MAX, "%.200s/", *root ? root : SIM_HOME);
    va_start (args, format);
    vsnprintf (path + used, SIM_PATH_MAX - used, format, args);
    va_end (args);
}

static uint64_t
number_at (const char *text, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; i++)
        number = number * 10 + (uint64_t) (text[i] - '0');
    return number;
}

uint64_t
sim_place_current (const sim_disk_t *disk, const char *root)
{
    char path[SIM_PATH_MAX];
    bytes_t content;
    sim_place (path, root, "packages");
    return sim_disk_read (disk, path, &content)
               ? number_at ((const char *) content.data, content.size)
               : 0;
}

//  Numbers are of six digits on the disk, so that its order is theirs.
size_t
sim_place_generations (const sim_disk_t *disk, const char *root,
                       uint64_t numbers[SIM_GENERATIONS_MAX])
{
    char prefix[SIM_PATH_MAX];
    size_t cursor = 0, count = 0;
    const char *path;
    sim_place (prefix, root, "generations/");
    while ((path = sim_disk_next (disk, prefix, &cursor)) != NULL) {
        uint64_t number = number_at (path + strlen (prefix), strlen (path) - strlen (prefix));
        if (count < SIM_GENERATIONS_MAX && (count == 0 || numbers[count - 1] != number))
            numbers[count++] = number;
    }
    return count;
}

bool
sim_place_link (const sim_disk_t *disk, const char *root, uint64_t generation, const char *id,
                char path[SIM_PATH_MAX])
{
    bytes_t content;
    sim_place (path, root, "generations/%06llu/links/%s", (unsigned long long) generation, id);
    if (!sim_disk_read (disk, path, &content))
        return false;
    snprintf (path, SIM_PATH_MAX, "%.*s", (int) content.size, (const char *) content.data);
    return true;
}

bool
sim_place_is_pristine (const sim_disk_t *disk, const char *path, ProtobufCBinaryData files)
{
    bytes_t tree;
    digest_t digest;
    if (!sim_disk_read (disk, path, &tree))
        return false;
    sim_archive_files_sha256 (tree, &digest);
    return files.len == DIGEST_SIZE && memcmp (files.data, digest.bytes, DIGEST_SIZE) == 0;
}

static void
hex_of (ProtobufCBinaryData files, char hex[DIGEST_HEX_SIZE + 1])
{
    digest_t digest;
    *hex = 0;
    if (digest_from_field (&digest, files) == OK)
        digest_to_hex (&digest, hex);
}

bool
sim_place_instance (const sim_disk_t *disk, const char *root, ProtobufCBinaryData files,
                    char path[SIM_PATH_MAX])
{
    char hex[DIGEST_HEX_SIZE + 1], prefix[SIM_PATH_MAX];
    size_t cursor = 0;
    const char *found;
    hex_of (files, hex);
    sim_place (prefix, root, "store/%s", hex);
    while ((found = sim_disk_next (disk, prefix, &cursor)) != NULL)
        if (sim_place_is_pristine (disk, found, files)) {
            snprintf (path, SIM_PATH_MAX, "%s", found);
            return true;
        }
    return false;
}

//  Move a staged tree to a name in the store that is free.
static bool
settle_one (sim_disk_t *disk, const char *root, ProtobufCBinaryData files)
{
    char hex[DIGEST_HEX_SIZE + 1], staged[SIM_PATH_MAX], path[SIM_PATH_MAX];
    bytes_t tree;
    if (sim_place_instance (disk, root, files, path))
        return true;
    hex_of (files, hex);
    sim_place (staged, root, "staged/%s", hex);
    if (!sim_place_is_pristine (disk, staged, files) || !sim_disk_read (disk, staged, &tree))
        return false;
    bytes_t taken;
    sim_place (path, root, "store/%s", hex);
    for (unsigned i = 1; sim_disk_read (disk, path, &taken); i++)
        sim_place (path, root, "store/%s.%u", hex, i);
    sim_disk_write (disk, path, tree.data, tree.size);
    sim_disk_remove (disk, staged);
    return true;
}

bool
sim_place_settle (sim_disk_t *disk, const char *root, Ggen__Tree *const *trees, size_t count)
{
    bool whole = true;
    for (size_t i = 0; i < count && whole; i++)
        whole = settle_one (disk, root, trees[i]->files_sha256);
    return whole;
}

void
sim_place_link_all (sim_disk_t *disk, const char *root, uint64_t generation,
                    Ggen__Tree *const *trees, size_t count)
{
    char path[SIM_PATH_MAX], instance[SIM_PATH_MAX];
    for (size_t i = 0; i < count; i++) {
        sim_place (path, root, "generations/%06llu/links/%s", (unsigned long long) generation,
                   trees[i]->id);
        if (sim_place_instance (disk, root, trees[i]->files_sha256, instance))
            sim_disk_write_text (disk, path, instance);
    }
}

bool
sim_store_tree (const sim_disk_t *disk, const char *root, const char *id, char path[SIM_PATH_MAX])
{
    return sim_place_link (disk, root, sim_place_current (disk, root), id, path);
}
