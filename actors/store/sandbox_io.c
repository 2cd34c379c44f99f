// SPDX-License-Identifier: MIT
#include "sandbox_io.h"

#include <linux/landlock.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

//  Of later kernels than the headers may be; in the order of Landlock's versions.
#define ACCESS_REFER (UINT64_C (1) << 13)           //  2: rename and link between directories
#define ACCESS_TRUNCATE (UINT64_C (1) << 14)        //  3
#define ACCESS_IOCTL_DEV (UINT64_C (1) << 15)       //  5

#define ACCESS_WRITE                                                                               \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR                                 \
     | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG)

//  Nowhere: no package has them.
#define ACCESS_NEVER                                                                               \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK      \
     | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

typedef struct {
    int dirfd;
    sandbox_work_fn *work;
    void *argument;
    code_t code;
} errand_t;

static int
landlock_version (void)
{
    return (int) syscall (SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool
sandbox_available (void)
{
    return landlock_version () >= 1;
}

//  Wall in the calling thread. When a step fails nothing is changed.
static void
wall_in (int dirfd)
{
    int version = landlock_version ();
    uint64_t later = (version >= 2 ? ACCESS_REFER : 0) | (version >= 3 ? ACCESS_TRUNCATE : 0)
                     | (version >= 5 ? ACCESS_IOCTL_DEV : 0);
    const struct landlock_ruleset_attr all = {
        .handled_access_fs = ACCESS_WRITE | ACCESS_NEVER | later};
    const struct landlock_path_beneath_attr below = {
        .allowed_access = ACCESS_WRITE | (later & ACCESS_TRUNCATE), .parent_fd = dirfd};
    //  A kernel takes a struct that is shorter or, when the rest is zero, longer than its own
    int rules = (int) syscall (SYS_landlock_create_ruleset, &all, sizeof all, 0);
    if (rules == -1)
        return;
    if (syscall (SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0) == 0
        && prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        (void) syscall (SYS_landlock_restrict_self, rules, 0);
    close (rules);
}

static void *
run_errand (void *self_)
{
    errand_t *self = self_;
    wall_in (self->dirfd);
    self->code = self->work (self->argument);
    return NULL;
}

code_t
sandbox_run (int dirfd, sandbox_work_fn *work, void *argument, code_t *code_p)
{
    if (!sandbox_available ()) {
        *code_p = work (argument);
        return OK;
    }
    errand_t errand = {.dirfd = dirfd, .work = work, .argument = argument};
    pthread_t thread;
    if (pthread_create (&thread, NULL, run_errand, &errand) != 0)
        return BUSY;
    pthread_join (thread, NULL);
    *code_p = errand.code;
    return OK;
}
