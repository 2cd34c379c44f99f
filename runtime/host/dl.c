// SPDX-License-Identifier: MIT
#include "dl.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

static code_t
load (dl_t *self, char *why, size_t why_size)
{
    self->loaded = self->linked[0] != NULL;
    if (self->loaded) {
        memcpy (self->slots, self->linked, self->names_count * sizeof *self->slots);
        return OK;
    }
    void *library = dlopen (self->soname, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf (why, why_size, "%s", dlerror ());
        return FEATURE_NOT_ENABLED;
    }
    for (unsigned i = 0; i < self->names_count; i++) {
        self->slots[i] = dlsym (library, self->names[i]);
        if (!self->slots[i]) {
            snprintf (why, why_size, "%s has no %s", self->soname, self->names[i]);
            dlclose (library);
            return FEATURE_NOT_ENABLED;
        }
    }
    self->loaded = true;
    return OK;
}

code_t
dl_load (dl_t *self, char *why, size_t why_size)
{
    pthread_mutex_lock (&self->mutex);
    code_t code = self->loaded ? OK : load (self, why, why_size);
    pthread_mutex_unlock (&self->mutex);
    return code;
}
