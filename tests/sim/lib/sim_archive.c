// SPDX-License-Identifier: MIT
#include "sim_archive.h"

#include "runtime/actor/crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_SIZE 8             //  digits
#define LIST      "files "      //  in front of what a file list's digest is made of
#define MANIFEST  "package.json"

static char *
text_new (bytes_t bytes)
{
    char *text = malloc (bytes.size + 1);
    if (!text)
        abort ();
    memcpy (text, bytes.data, bytes.size);
    text[bytes.size] = 0;
    return text;
}

static void
tell (Ggen__Manifest *manifest, bytes_t content)
{
    ggen__manifest__init (manifest);
    manifest->name = (char *) MANIFEST;
    manifest->json = text_new (content);
    manifest->content.data = (uint8_t *) text_new (content);
    manifest->content.len = content.size;
}

void
sim_archive_forget (Ggen__Manifest *manifest)
{
    free (manifest->json);
    free (manifest->content.data);
}

bool
sim_archive_directory (const sim_disk_t *disk, const char *directory, Ggen__Manifest *manifest)
{
    char path[SIM_PATH_MAX];
    bytes_t content;
    snprintf (path, sizeof path, "%s/" MANIFEST, directory);
    if (!sim_disk_read (disk, path, &content))
        return false;
    tell (manifest, content);
    return true;
}

bool
sim_archive_pack (sim_disk_t *disk, const char *directory, const char *path)
{
    char name[SIM_PATH_MAX];
    bytes_t manifest, readme = {NULL, 0};
    snprintf (name, sizeof name, "%s/" MANIFEST, directory);
    if (!sim_disk_read (disk, name, &manifest))
        return false;
    snprintf (name, sizeof name, "%s/readme", directory);
    sim_disk_read (disk, name, &readme);
    size_t size = HEAD_SIZE + manifest.size + readme.size;
    uint8_t *archive = malloc (size + 1);
    if (!archive)
        abort ();
    snprintf ((char *) archive, HEAD_SIZE + 1, "%08zu", manifest.size % 100000000);
    memcpy (archive + HEAD_SIZE, manifest.data, manifest.size);
    if (readme.size > 0)
        memcpy (archive + HEAD_SIZE + manifest.size, readme.data, readme.size);
    sim_disk_write (disk, path, archive, size);
    free (archive);
    return true;
}

bool
sim_archive_manifest (bytes_t archive, Ggen__Manifest *manifest)
{
    char digits[HEAD_SIZE + 1] = "", *end;
    if (archive.size < HEAD_SIZE)
        return false;
    memcpy (digits, archive.data, HEAD_SIZE);
    size_t size = strtoul (digits, &end, 10);
    if (*end || size > archive.size - HEAD_SIZE)
        return false;
    tell (manifest, (bytes_t) {archive.data + HEAD_SIZE, size});
    return true;
}

void
sim_archive_files_sha256 (bytes_t archive, digest_t *digest)
{
    uint8_t *list = malloc (sizeof LIST + archive.size);
    if (!list)
        abort ();
    memcpy (list, LIST, sizeof LIST);
    memcpy (list + sizeof LIST, archive.data, archive.size);
    crypto_real.sha256 (list, sizeof LIST + archive.size, digest->bytes);
    free (list);
}
