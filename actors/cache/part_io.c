// SPDX-License-Identifier: MIT
#include "part_io.h"

#include "runtime/actor/crypto.h"
#include "sha256_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_SIZE 36

_Static_assert(PART_CHUNK_BYTES == SHA256_BLOCK_BYTES, "a chunk is read in one go");

//  A map file; its bitmap has as many bytes as the size needs.
typedef struct {
    char magic[8];
    uint64_t size_bytes;
    char boot_id[BOOT_ID_SIZE + 4];
    uint8_t bitmap[PART_BITMAP_MAX];
} map_file_t;

#define MAGIC       "ggenpart"
#define HEADER_SIZE offsetof (map_file_t, bitmap)

uint32_t
part_chunks (uint64_t size_bytes)
{
    return (uint32_t) ((size_bytes + PART_CHUNK_BYTES - 1) / PART_CHUNK_BYTES);
}

size_t
part_bitmap_bytes (uint64_t size_bytes)
{
    return (part_chunks (size_bytes) + 7u) / 8u;
}

static uint32_t
chunk_bytes (uint64_t size_bytes, uint32_t chunk)
{
    uint64_t left = size_bytes - (uint64_t) chunk * PART_CHUNK_BYTES;
    return left < PART_CHUNK_BYTES ? (uint32_t) left : PART_CHUNK_BYTES;
}

static bool
is_set (const uint8_t *bitmap, uint32_t chunk)
{
    return bitmap[chunk / 8] >> chunk % 8 & 1;
}

//  ---- paths and failures ------------------------------------------------------------------------

void
part_path (const blob_store_t *store, const digest_t *digest, char path[BLOB_PATH_MAX])
{
    char hex[DIGEST_HEX_SIZE + 1];
    digest_to_hex (digest, hex);
    snprintf (path, BLOB_PATH_MAX, "%s/parts/%s", blob_store_directory (store), hex);
}

static void
map_path (const blob_store_t *store, const digest_t *digest, char path[BLOB_PATH_MAX])
{
    part_path (store, digest, path);
    size_t used = strlen (path);
    snprintf (path + used, BLOB_PATH_MAX - used, ".map");
}

static code_t
fail_errno (const blob_store_t *store, uint64_t required_bytes, const char *path,
            blob_failure_t *failure)
{
    code_t code = blob_store_fail_errno (failure, path);
    return code == INSUFFICIENT_DISK_SPACE ? blob_store_no_room (store, required_bytes, failure)
                                           : code;
}

//  ---- whole reads and writes --------------------------------------------------------------------

//  Returns false with errno set.
static bool
write_at (int file, const void *data, size_t size, off_t offset)
{
    const uint8_t *bytes = data;
    while (size > 0) {
        ssize_t count = pwrite (file, bytes, size, offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        bytes += count;
        offset += count;
        size -= (size_t) count;
    }
    return true;
}

ssize_t
part_read_at (int file, void *data, size_t size, off_t offset)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = pread (file, (uint8_t *) data + done, size - done, offset + (off_t) done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        done += (size_t) count;
    }
    return (ssize_t) done;
}

//  Which start of the machine this is; zeros when it cannot be known, which equals no other.
static void
boot_id (char id[BOOT_ID_SIZE + 4])
{
    memset (id, 0, BOOT_ID_SIZE + 4);
    AUTO (sha256_close) int file = open (BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
    if (file >= 0 && part_read_at (file, id, BOOT_ID_SIZE, 0) != BOOT_ID_SIZE)
        memset (id, 0, BOOT_ID_SIZE + 4);
}

//  ---- maps --------------------------------------------------------------------------------------

//  The map of a part of this size; false when there is none that makes sense.
static bool
read_map (const blob_store_t *store, const digest_t *digest, map_file_t *map)
{
    char path[BLOB_PATH_MAX];
    map_path (store, digest, path);
    AUTO (sha256_close) int file = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t count = file < 0 ? -1 : part_read_at (file, map, sizeof *map, 0);
    return count >= (ssize_t) HEADER_SIZE && memcmp (map->magic, MAGIC, sizeof map->magic) == 0
           && map->size_bytes > 0 && map->size_bytes <= BLOB_BYTES_MAX
           && (size_t) count == HEADER_SIZE + part_bitmap_bytes (map->size_bytes);
}

//  Whole, into the place of any other.
static code_t
write_map (const blob_store_t *store, const digest_t *digest, map_file_t *map,
           blob_failure_t *failure)
{
    char path[BLOB_PATH_MAX], staged[BLOB_PATH_MAX + 8];
    map_path (store, digest, path);
    snprintf (staged, sizeof staged, "%s.new", path);
    memcpy (map->magic, MAGIC, sizeof map->magic);
    boot_id (map->boot_id);
    AUTO (sha256_close) int file =
        open (staged, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t size = HEADER_SIZE + part_bitmap_bytes (map->size_bytes);
    if (file >= 0 && write_at (file, map, size, 0) && rename (staged, path) == 0)
        return OK;
    code_t code = fail_errno (store, size, staged, failure);
    unlink (staged);
    return code;
}

static bool
is_trusted (const map_file_t *map)
{
    char now[BOOT_ID_SIZE + 4];
    boot_id (now);
    return now[0] != 0 && memcmp (map->boot_id, now, sizeof now) == 0;
}

void
part_forget_map (const blob_store_t *store, const digest_t *digest)
{
    char path[BLOB_PATH_MAX];
    map_path (store, digest, path);
    unlink (path);
}

void
part_drop (const blob_store_t *store, const digest_t *digest)
{
    char path[BLOB_PATH_MAX];
    part_path (store, digest, path);
    part_forget_map (store, digest);
    unlink (path);
}

//  ---- how many there are ------------------------------------------------------------------------

static void
close_directory (DIR **directory_p)
{
    if (*directory_p)
        closedir (*directory_p);
}

//  When there are PARTS_MAX, the one not written to for longest goes.
static void
make_room (const blob_store_t *store)
{
    char path[BLOB_PATH_MAX];
    snprintf (path, sizeof path, "%s/parts", blob_store_directory (store));
    AUTO (close_directory) DIR *directory = opendir (path);
    struct dirent *entry;
    unsigned count = 0;
    digest_t oldest, digest;
    struct timespec oldest_time = {0};
    while (directory && (entry = readdir (directory)) != NULL) {
        struct stat info;
        if (digest_from_hex (&digest, entry->d_name) != OK
            || fstatat (dirfd (directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        bool older = info.st_mtim.tv_sec < oldest_time.tv_sec
                     || (info.st_mtim.tv_sec == oldest_time.tv_sec
                         && info.st_mtim.tv_nsec < oldest_time.tv_nsec);
        if (count++ == 0 || older) {
            oldest = digest;
            oldest_time = info.st_mtim;
        }
    }
    if (count >= PARTS_MAX)
        part_drop (store, &oldest);
}

//  ---- opening -----------------------------------------------------------------------------------

static code_t
begin (const blob_store_t *store, const digest_t *digest, map_file_t *map,
       blob_failure_t *failure)
{
    char path[BLOB_PATH_MAX];
    part_drop (store, digest);
    make_room (store);
    part_path (store, digest, path);
    AUTO (sha256_close) int file =
        open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0 || ftruncate (file, (off_t) map->size_bytes) != 0)
        return fail_errno (store, map->size_bytes, path, failure);
    return write_map (store, digest, map, failure);
}

//  Is the file there as long as its map says?
static bool
has_file (const blob_store_t *store, const digest_t *digest, uint64_t size_bytes)
{
    char path[BLOB_PATH_MAX];
    struct stat info;
    part_path (store, digest, path);
    return lstat (path, &info) == 0 && S_ISREG (info.st_mode)
           && (uint64_t) info.st_size == size_bytes;
}

static code_t
check_room (const blob_store_t *store, const digest_t *digest, const map_file_t *map,
            blob_failure_t *failure)
{
    char path[BLOB_PATH_MAX];
    struct statvfs disk;
    uint64_t missing = 0;
    for (uint32_t i = 0; i < part_chunks (map->size_bytes); i++)
        missing += is_set (map->bitmap, i) ? 0 : chunk_bytes (map->size_bytes, i);
    part_path (store, digest, path);
    if (statvfs (blob_store_directory (store), &disk) != 0
        || (uint64_t) disk.f_bavail * disk.f_frsize >= 2 * missing)
        return OK;
    blob_store_fail (failure, INSUFFICIENT_DISK_SPACE, path, "no room on the disk");
    return blob_store_no_room (store, 2 * missing, failure);
}

code_t
part_open (const blob_store_t *store, const digest_t *digest, uint64_t size_bytes,
           uint8_t bitmap[PART_BITMAP_MAX], bool *trusted_p, blob_failure_t *failure)
{
    char path[BLOB_PATH_MAX];
    map_file_t map = {.size_bytes = size_bytes};
    *trusted_p = true;
    if (size_bytes == 0 || size_bytes > BLOB_BYTES_MAX)
        return blob_store_fail (failure, VALIDATION, "a part", "it has no bytes, or too many");
    snprintf (path, sizeof path, "%s/parts", blob_store_directory (store));
    code_t code = blob_store_make_directories (path, failure);
    if (code)
        return code;
    bool is_there = read_map (store, digest, &map) && map.size_bytes == size_bytes
                    && has_file (store, digest, size_bytes);
    if (is_there)
        *trusted_p = is_trusted (&map);
    else
        map = (map_file_t) {.size_bytes = size_bytes};
    code = check_room (store, digest, &map, failure);
    if (code == OK && !is_there)
        code = begin (store, digest, &map, failure);
    memcpy (bitmap, map.bitmap, part_bitmap_bytes (size_bytes));
    return code;
}

//  ---- chunks ------------------------------------------------------------------------------------

code_t
part_write (const blob_store_t *store, const digest_t *digest, uint32_t chunk, bytes_t bytes,
            blob_failure_t *failure)
{
    char path[BLOB_PATH_MAX];
    map_file_t map;
    if (!read_map (store, digest, &map) || chunk >= part_chunks (map.size_bytes)
        || bytes.size != chunk_bytes (map.size_bytes, chunk))
        return blob_store_fail (failure, VALIDATION, "a part",
                                "it has no such chunk, or is not open");
    part_path (store, digest, path);
    AUTO (sha256_close) int file = open (path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0
        || !write_at (file, bytes.data, bytes.size, (off_t) chunk * PART_CHUNK_BYTES))
        return fail_errno (store, bytes.size, path, failure);
    map_path (store, digest, path);
    AUTO (sha256_close) int bits = open (path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    map.bitmap[chunk / 8] |= (uint8_t) (1u << chunk % 8);
    if (bits < 0
        || !write_at (bits, &map.bitmap[chunk / 8], 1, (off_t) (HEADER_SIZE + chunk / 8)))
        return fail_errno (store, 1, path, failure);
    return OK;
}

bool
part_complete (const blob_store_t *store, const digest_t *digest, uint64_t size_bytes)
{
    map_file_t map;
    if (!read_map (store, digest, &map) || map.size_bytes != size_bytes)
        return false;
    for (uint32_t i = 0; i < part_chunks (size_bytes); i++)
        if (!is_set (map.bitmap, i))
            return false;
    return true;
}

static bool
is_right (int file, uint64_t size_bytes, uint32_t chunk, const uint8_t *digest, uint8_t *block)
{
    uint8_t hash[CRYPTO_HASH_BYTES];
    uint32_t size = chunk_bytes (size_bytes, chunk);
    if (part_read_at (file, block, size, (off_t) chunk * PART_CHUNK_BYTES) != (ssize_t) size)
        return false;
    crypto_real.sha256 (block, size, hash);
    return memcmp (hash, digest, sizeof hash) == 0;
}

code_t
part_verify (const blob_store_t *store, const digest_t *digest, uint64_t size_bytes,
             const uint8_t *digests, const blob_watch_t *watch, uint8_t bitmap[PART_BITMAP_MAX],
             blob_failure_t *failure)
{
    char path[BLOB_PATH_MAX];
    map_file_t map;
    part_path (store, digest, path);
    if (!read_map (store, digest, &map) || map.size_bytes != size_bytes)
        return blob_store_fail (failure, STORAGE, path, "has gone");
    AUTO (sha256_close) int file = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return fail_errno (store, 0, path, failure);
    uint8_t *block = malloc (PART_CHUNK_BYTES);
    code_t code = block ? OK : blob_store_fail (failure, BUSY, path, "out of memory");
    for (uint32_t i = 0; code == OK && i < part_chunks (size_bytes); i++) {
        if (!watch->go_on (watch->arg, (uint64_t) i * PART_CHUNK_BYTES, size_bytes))
            code = blob_store_fail (failure, CANCELLED, path, "cancelled");
        else if (is_set (map.bitmap, i)
                 && !is_right (file, size_bytes, i, digests + (size_t) i * DIGEST_SIZE, block))
            map.bitmap[i / 8] &= (uint8_t) ~(1u << i % 8);
    }
    free (block);
    if (code == OK)
        code = write_map (store, digest, &map, failure);
    memcpy (bitmap, map.bitmap, part_bitmap_bytes (size_bytes));
    return code;
}
