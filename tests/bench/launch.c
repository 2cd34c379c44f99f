// SPDX-License-Identifier: MIT
//  What a whole process costs, from before its start to after its end:
//
//      launch RUNS PROGRAM [ARGUMENT...]
//
//  Prints one line: wall time of each run in microseconds, then ';', then private and resident
//  memory in KiB of one more run, read while the kernel holds the process at its exit.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void
fail (const char *what)
{
    fprintf (stderr, "launch: %s: %s\n", what, strerror (errno));
    exit (1);
}

static int64_t
now_us (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

//  ---- time ----------------------------------------------------------------------------------------

static int64_t
run_us (char **argv)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init (&actions);
    posix_spawn_file_actions_addopen (&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen (&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int64_t began_us = now_us ();
    pid_t pid;
    int status;
    errno = posix_spawn (&pid, argv[0], &actions, NULL, argv, environ);
    if (errno)
        fail (argv[0]);
    if (waitpid (pid, &status, 0) < 0)
        fail ("waitpid");
    posix_spawn_file_actions_destroy (&actions);
    if (!WIFEXITED (status) || WEXITSTATUS (status) != 0) {
        fprintf (stderr, "launch: %s ended with status %d\n", argv[0], status);
        exit (1);
    }
    return now_us () - began_us;
}

//  ---- memory --------------------------------------------------------------------------------------

static void
start_traced (char **argv)
{
    int null = open ("/dev/null", O_WRONLY);
    if (null < 0 || dup2 (null, STDOUT_FILENO) < 0 || dup2 (null, STDERR_FILENO) < 0
        || ptrace (PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit (127);
    raise (SIGSTOP);
    execv (argv[0], argv);
    _exit (127);
}

static void
print_memory (pid_t pid)
{
    char path[64], line[256];
    unsigned long private_kib = 0, resident_kib = 0, value;
    snprintf (path, sizeof path, "/proc/%d/smaps_rollup", (int) pid);
    FILE *file = fopen (path, "r");
    if (!file)
        fail (path);
    while (fgets (line, sizeof line, file)) {
        if (sscanf (line, "Private_Clean: %lu", &value) == 1
            || sscanf (line, "Private_Dirty: %lu", &value) == 1)
            private_kib += value;
        if (sscanf (line, "Rss: %lu", &value) == 1)
            resident_kib = value;
    }
    fclose (file);
    printf (" ; %lu %lu\n", private_kib, resident_kib);
}

//  Let it run to its exit, passing its signals on; there its memory is still whole.
static void
run_for_memory (char **argv)
{
    fflush (stdout);
    pid_t pid = fork ();
    if (pid == 0)
        start_traced (argv);
    int status;
    if (pid < 0 || waitpid (pid, &status, 0) < 0)
        fail ("fork");
    if (ptrace (PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL) < 0)
        fail ("ptrace");
    long pass_on = 0;
    for (;;) {
        ptrace (PTRACE_CONT, pid, NULL, pass_on);
        if (waitpid (pid, &status, 0) < 0 || !WIFSTOPPED (status))
            return;
        pass_on = WSTOPSIG (status) == SIGTRAP ? 0 : WSTOPSIG (status);
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
            print_memory (pid);
    }
}

int
main (int argc, char **argv)
{
    int runs = argc > 2 ? atoi (argv[1]) : 0;
    if (runs <= 0) {
        fprintf (stderr, "usage: launch RUNS PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    for (int i = 0; i < runs; i++)
        printf ("%s%" PRId64, i ? " " : "", run_us (argv + 2));
    run_for_memory (argv + 2);
    return 0;
}
