// SPDX-License-Identifier: MIT
//  Hostile archives, unpacked as root and as nobody. Usage: evil DATA_FOLDER
//  Each must be refused for its own class, leave nothing behind and change nothing outside; the
//  classes are column 2 of evil/manifest.tsv. What is wrong only inside a manifest is for whoever
//  reads manifests: those are counted apart.
#include "actors/store/entry_rules.h"
#include "actors/store/tree_io.h"
#include "actors/store/unpack_io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define OUTSIDE "/tmp/ggen-evil-pwned"

typedef struct {
    unsigned right, all;
    unsigned manifest_right, manifest_all, manifest_missing;
} counts_t;

//  The first thing wrong decides; these hold several.
static const char *const other_class [][2] = {
    {"hardlink-to-symlink.tar.gz", "symlink"},      //  The symlink comes first
};

static const char *
expected_class (const char *file, const char *class)
{
    for (size_t i = 0; i < COUNT_OF (other_class); i++)
        if (!strcmp (file, other_class [i][0]))
            return other_class [i][1];
    return class;
}

static unsigned
entries_in (int dirfd)
{
    unsigned count = 0;
    DIR *dir = fdopendir (openat (dirfd, ".", O_RDONLY | O_DIRECTORY));
    for (const struct dirent *entry; dir && (entry = readdir (dir));)
        count += strcmp (entry->d_name, ".") && strcmp (entry->d_name, "..");
    if (dir)
        closedir (dir);
    return count;
}

//  Whoever reads the manifest sees by the list that there is none (or that it is a directory).
static bool
has_manifest (const file_list_t *files)
{
    for (size_t i = 0; i < file_list_count (files); i++)
        if (!file_list_at (files, i)->directory
            && entry_rules_is_manifest (file_list_at (files, i)->path))
            return true;
    return false;
}

//  No setuid, no write permission, ours, an ordinary time, one link, no attributes.
static const char *
wrong_file (int tree, const file_entry_t *entry)
{
    struct stat status;
    if (fstatat (tree, entry->path, &status, AT_SYMLINK_NOFOLLOW) == -1)
        return "missing";
    mode_t wanted = entry->directory ? 0755 : entry->executable ? 0555 : 0444;
    if ((status.st_mode & 07777) != wanted)
        return "mode";
    if (status.st_uid != geteuid () || status.st_nlink > (entry->directory ? 2u : 1u))
        return "owner or links";
    if (status.st_mtim.tv_sec < 1600000000 || status.st_mtim.tv_sec > 8000000000)
        return "time";
    return NULL;
}

static const char *
wrong_tree (int work, unpacked_t *unpacked)
{
    int tree = openat (work, "tree", O_RDONLY | O_DIRECTORY);
    const char *wrong = NULL;
    for (size_t i = 0; !wrong && i < file_list_count (unpacked->files); i++)
        wrong = wrong_file (tree, file_list_at (unpacked->files, i));
    close (tree);
    refusal_t refusal;
    tree_checked_t checked;
    if (!wrong && (tree_check (work, "tree", unpacked->files, TREE_BY_CONTENT, NULL, NULL, &checked,
                               &refusal) || checked.findings_count))
        wrong = "content";
    return wrong;
}

//  What went wrong with one archive, or NULL. *manifest_p: it was unpacked and has a manifest.
static const char *
try_one (int archive, const char *file, const char *class, const char *verdict, int work,
         bool *manifest_p)
{
    struct stat status;
    if (fstat (archive, &status) == -1)
        return "cannot be read";
    const unpack_options_t options = {.limits = ARCHIVE_LIMITS_DEFAULT};
    unpacked_t unpacked;
    static refusal_t refusal;
    code_t code = unpack_archive (archive, (uint64_t) status.st_size, work, "tree", &options,
                                  &unpacked, &refusal);
    const char *refused_as = code ? refusal_name (refusal.kind) : NULL;
    printf ("  %-34s %-8s %s\n", file, verdict, code ? refusal.text : "accepted");
    const char *wrong = code ? NULL : wrong_tree (work, &unpacked);
    *manifest_p = !code && has_manifest (unpacked.files);
    unpacked_done (&unpacked);
    if (code && entries_in (work))
        wrong = "something was left";
    if (access (OUTSIDE, F_OK) == 0)
        wrong = "written outside";
    if (tree_remove (work, "tree", &refusal))
        wrong = "cannot be removed";
    bool must_pass = !strcmp (verdict, "accept") || !strcmp (verdict, "strip");
    if (must_pass && refused_as)
        return "refused";
    if (!strcmp (verdict, "reject") && !refused_as)
        return "accepted";
    if (!strcmp (verdict, "reject") && strcmp (refused_as, expected_class (file, class)))
        return "refused for another class";
    return wrong;
}

static void
run_line (int data, int work, const char *who, char *line, counts_t *counts)
{
    char *rest = line, *file = strsep (&rest, "\t"), *class = strsep (&rest, "\t");
    char *verdict = strsep (&rest, "\t");
    if (*file == '#' || !verdict)
        return;
    //  Whatever a manifest says, as an archive it is fine
    bool of_manifest = !strcmp (class, "manifest"), manifest = false;
    int archive = openat (data, file, O_RDONLY);
    const char *wrong =
        try_one (archive, file, class, of_manifest ? "accept" : verdict, work, &manifest);
    close (archive);
    if (wrong)
        fprintf (stderr, "%s as %s: %s\n", file, who, wrong);
    *(of_manifest ? &counts->manifest_all : &counts->all) += 1;
    *(of_manifest ? &counts->manifest_right : &counts->right) += !wrong;
    counts->manifest_missing += of_manifest && !manifest;
}

static int
run (int data, int work, FILE *table, const char *who)
{
    counts_t counts = {0};
    char line [1024];
    while (fgets (line, sizeof line, table))
        run_line (data, work, who, line, &counts);
    printf ("SHARED evil-%s: %u of %u\n", who, counts.right, counts.all);
    printf ("SHARED evil-%s-manifest-level: %u of %u\n", who, counts.manifest_right,
            counts.manifest_all);
    printf ("  manifest-level: archives in order whose manifest is for its reader to judge; in %u "
            "the list shows that there is none\n", counts.manifest_missing);
    return counts.all && counts.right == counts.all
           && counts.manifest_right == counts.manifest_all ? 0 : 1;
}

//  In a child, so that becoming nobody does not last.
static int
run_as (const char *folder, uid_t uid, const char *who)
{
    fflush (NULL);
    pid_t child = fork ();
    if (child == 0) {
        char name [] = "/tmp/ggen-evil-XXXXXX";
        int data = open (folder, O_RDONLY | O_DIRECTORY);
        FILE *table = data == -1 ? NULL : fdopen (openat (data, "manifest.tsv", O_RDONLY), "r");
        if (!table || (uid != geteuid () && (setgid (uid) || setuid (uid)))) {
            perror (folder);
            exit (1);
        }
        if (!mkdtemp (name)) {
            perror (name);
            exit (1);
        }
        int work = open (name, O_RDONLY | O_DIRECTORY);
        int result = run (data, work, table, who);
        rmdir (name);
        fflush (NULL);
        exit (result);
    }
    int status = 1;
    waitpid (child, &status, 0);
    return WIFEXITED (status) ? WEXITSTATUS (status) : 1;
}

int
main (int argc, char **argv)
{
    char folder [4096];
    if (argc != 2) {
        fprintf (stderr, "usage: evil DATA_FOLDER\n");
        return 2;
    }
    snprintf (folder, sizeof folder, "%s/evil", argv [1]);
    if (geteuid ())
        return run_as (folder, geteuid (), "user");
    int as_root = run_as (folder, 0, "root"), as_nobody = run_as (folder, NOBODY, "nobody");
    return as_root || as_nobody;
}
