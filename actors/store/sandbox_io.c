// SPDX-License-Identifier: MIT
#include "sandbox_io.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
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
    int dirfd;                  //  What may be changed is below it
    bool anywhere;              //  not so
    bool denied;                //  Who started the thread is denied those calls, and so is the thread
    sandbox_work_fn *work;
    void *argument;
    code_t code;
} errand_t;

//  Is this thread denied those calls?
static _Thread_local bool is_denied;

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

#if defined __x86_64__
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#endif

#ifdef NATIVE_ARCH
//  Calls that who unpacks never makes: to reach others, to become another, to look into others.
static const uint32_t denied_calls [] = {
    SYS_socket,           SYS_socketpair,        SYS_connect,        SYS_bind,
    SYS_listen,           SYS_accept,            SYS_accept4,        SYS_sendto,
    SYS_sendmsg,          SYS_sendmmsg,          SYS_execve,         SYS_execveat,
    SYS_ptrace,           SYS_process_vm_readv,  SYS_process_vm_writev, SYS_kill,
    SYS_io_uring_setup,   SYS_bpf,               SYS_perf_event_open, SYS_userfaultfd,
    SYS_mount,            SYS_umount2,           SYS_pivot_root,     SYS_chroot,
    SYS_setns,            SYS_unshare,           SYS_keyctl,         SYS_memfd_create};
#define DENIED_COUNT (sizeof denied_calls / sizeof *denied_calls)
#define FOREIGN_CALLS 0x40000000u       //  x32's numbers begin here; others have none so high

//  Deny those calls to the calling thread: EPERM. seccomp(2). A kernel without it changes nothing.
static void
deny_calls (void)
{
    const struct sock_filter refuse =
        BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (EPERM & SECCOMP_RET_DATA));
    struct sock_filter code [DENIED_COUNT + 6];
    unsigned count = 0;
    code [count++] = (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
                                                    offsetof (struct seccomp_data, arch));
    code [count++] =
        (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 0, DENIED_COUNT + 3);
    code [count++] = (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS,
                                                    offsetof (struct seccomp_data, nr));
    code [count++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS,
                                                    DENIED_COUNT + 1, 0);
    for (size_t i = 0; i < DENIED_COUNT; i++)
        code [count++] = (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, denied_calls [i],
                                                        (uint8_t) (DENIED_COUNT - i), 0);
    code [count++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code [count++] = refuse;
    const struct sock_fprog program = {.len = (unsigned short) count, .filter = code};
    if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        (void) syscall (SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                        &program);
}
#else
static void
deny_calls (void)
{
}
#endif

static void *
run_errand (void *self_)
{
    errand_t *self = self_;
    if (!self->anywhere && sandbox_available ())
        wall_in (self->dirfd);
    if (!self->denied)
        deny_calls ();
    is_denied = true;
    self->code = self->work (self->argument);
    return NULL;
}

static code_t
run (errand_t *errand, code_t *code_p)
{
    pthread_t thread;
    errand->denied = is_denied;
    if (pthread_create (&thread, NULL, run_errand, errand) != 0)
        return BUSY;
    pthread_join (thread, NULL);
    *code_p = errand->code;
    return OK;
}

code_t
sandbox_run (int dirfd, sandbox_work_fn *work, void *argument, code_t *code_p)
{
    errand_t errand = {.dirfd = dirfd, .work = work, .argument = argument};
    return run (&errand, code_p);
}

code_t
sandbox_series (sandbox_work_fn *work, void *argument, code_t *code_p)
{
    errand_t errand = {.anywhere = true, .work = work, .argument = argument};
    return run (&errand, code_p);
}
