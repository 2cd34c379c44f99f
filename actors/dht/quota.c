// SPDX-License-Identifier: MIT
#include "quota.h"

#include "runtime/actor/map.h"

#include <assert.h>
#include <stdlib.h>

struct quota_t {
    map_t *signers;             //  Values are bytes, as pointers
    map_t *groups;
    uint64_t signer_bytes_max;
    uint64_t group_bytes_max;
};

quota_t *
quota_new (uint64_t signer_bytes_max, uint64_t group_bytes_max, uint64_t seed)
{
    quota_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->signers = map_new (QUOTA_SIGNERS_MAX, seed);
    self->groups = map_new (QUOTA_GROUPS_MAX, seed);
    self->signer_bytes_max = signer_bytes_max;
    self->group_bytes_max = group_bytes_max;
    if (!self->signers || !self->groups)
        quota_destroy (&self);
    return self;
}

void
quota_destroy (quota_t **self_p)
{
    if (!*self_p)
        return;
    map_destroy (&(*self_p)->signers);
    map_destroy (&(*self_p)->groups);
    free (*self_p);
    *self_p = NULL;
}

static bool
take (map_t *map, const void *key, size_t key_size, uint64_t size, uint64_t size_max)
{
    uint64_t now = (uintptr_t) map_get (map, key, key_size) + size;
    return now <= size_max && map_put (map, key, key_size, (void *) (uintptr_t) now) == OK;
}

static void
give_back (map_t *map, const void *key, size_t key_size, uint64_t size)
{
    uint64_t had = (uintptr_t) map_get (map, key, key_size);
    assert (had >= size);
    if (had == size)
        map_remove (map, key, key_size);
    else if (map_put (map, key, key_size, (void *) (uintptr_t) (had - size)) != OK)
        abort ();               //  It is there: its value changes in place
}

bool
quota_take (quota_t *self, uint64_t signer, uint32_t group, uint64_t size)
{
    if (!take (self->signers, &signer, sizeof signer, size, self->signer_bytes_max))
        return false;
    if (group == 0 || take (self->groups, &group, sizeof group, size, self->group_bytes_max))
        return true;
    give_back (self->signers, &signer, sizeof signer, size);
    return false;
}

void
quota_give_back (quota_t *self, uint64_t signer, uint32_t group, uint64_t size)
{
    give_back (self->signers, &signer, sizeof signer, size);
    if (group != 0)
        give_back (self->groups, &group, sizeof group, size);
}
