// SPDX-License-Identifier: MIT
//  What the files of the shelf share among themselves.
#ifndef GGEN_SHELF_SELF_IO_H
#define GGEN_SHELF_SELF_IO_H

#include <assert.h>

#include "actors/registry/disk_io.h"
#include "actors/registry/layout.h"
#include "actors/registry/shelf_io.h"

#define SHELF_ERROR_MAX 1536    //  bytes of shelf_error; longer text is cut

struct shelf {
    char *directory;            //  absolute
    int root;                   //  its descriptor
    int lock;                   //  descriptor of ".lock" while we hold it, else -1
    bool looks;                 //  nothing may be written
    bool filling;               //  nobody else knows of the directory yet: nothing is synced
    unsigned serial;            //  numbers stages and trash
    shelf_watch_fn *watch;      //  or NULL
    void *watch_arg;
    char error [SHELF_ERROR_MAX];
};

//  Remembers the text and returns 'code'.
code_t shelf_fail (shelf_t *self, code_t code, const char *format, ...) printf_like (3, 4);

//  The same with "DIRECTORY/what: reason of errno".
code_t shelf_fail_disk (shelf_t *self, code_t code, const char *what);

//  The next generation; before each change.
must_use code_t shelf_bump (shelf_t *self, int64_t wall_s);

//  The directory of a version that passed layout's checks and holds 'package', or -1.
int shelf_open_version (shelf_t *self, const char *id, const char *version);

//  Called with each version of an id: its directory and its name. False ends the loop.
typedef bool (shelf_each_fn) (void *arg, int dir, const char *version);

//  Loops over the versions of an id, SHELF_VERSIONS_MAX at most.
must_use code_t shelf_each (shelf_t *self, const char *id, shelf_each_fn *each, void *arg);

//  shelf_heads_io.c. The directory .heads of an id, or -1.
int shelf_open_heads (shelf_t *self, const char *id);

#define SHELF_HEAD_NAME_MAX 80  //  bytes of "KEY.rotation" and its NUL
void shelf_head_name (char name [SHELF_HEAD_NAME_MAX], const uint8_t key [32],
                      const char *suffix);

//  Puts the head of this key into .heads unless a newer one is there.
must_use code_t shelf_keep_head (shelf_t *self, const char *id, bytes_t head);

//  shelf_write_io.c. Is it newer than all heads that its signer has on the shelf for this id?
bool shelf_head_is_newest (shelf_t *self, const char *id, bytes_t head);
//  Unlinks the heads that this one makes old.
void shelf_drop_older_heads (shelf_t *self, const char *id, bytes_t newest);

#endif
