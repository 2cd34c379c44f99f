// SPDX-License-Identifier: MIT
//  install, remove and rollback: what changes the installed state.
#include "verbs.h"
#include "path.h"
#include "question.h"
#include "registries.h"
#include "render.h"
#include "session.h"
#include "shape.h"
#include "steps.h"
#include "text.h"
#include "wording.h"
#include "package_id.h"
#include "semver.h"
#include "installer.pb-c.h"
#include "trust.pb-c.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHOICES_MAX 16          //  publishers that somebody chooses from; more are named, not offered
#define CHOSEN_MAX  8           //  names of one install that somebody is asked about

//  What the person wants: ids and ranges as they are, paths absolute.
typedef struct {
    char *texts [ARGS_POSITIONALS_MAX];
    size_t count;
} wants_t;

static void
wants_release (wants_t *self)
{
    for (size_t at = 0; at < self->count; at++)
        free (self->texts [at]);
}

static bool
wants_take (wants_t *self, const screen_t *screen, const args_t *args)
{
    for (size_t at = 0; at < args->positionals_count; at++) {
        const char *text = args->positionals [at];
        char *want = NULL;
        if (package_id_is_path (text)) {
            if (!path_take (screen, text, PATH_EXISTS, &want))
                return false;
        }
        else if (!(want = strdup (text))) {
            render_error (screen, INTERNAL, "out of memory", NULL);
            return false;
        }
        self->texts [self->count++] = want;
    }
    return true;
}

static bool
is_version (const char *text)
{
    semver_t version;
    return semver_parse (&version, text) == OK;
}

//  After a failure: what was taken for a package's name may have been meant as a path, or as the version of
//  the package before it.
static void
tell_of_meanings (const screen_t *screen, const args_t *args)
{
    for (size_t at = 0; !screen->json && at < args->positionals_count; at++) {
        const char *text = args->positionals [at];
        AUTO (text_free) char *clean = text_clean (text);
        AUTO (text_free) char *before = text_clean (at > 0 ? args->positionals [at - 1] : "");
        if (!package_id_is_path (text) && access (text, F_OK) == 0)
            fprintf (screen->err, "note: there is a file or directory of that name here: ./%s\n",
                     clean ? clean : "");
        else if (at > 0 && is_version (text))
            fprintf (screen->err, "note: a version goes with its package: %s@%s\n", before ? before : "",
                     clean ? clean : "");
    }
}

static int
out_of_memory (const screen_t *screen)
{
    render_error (screen, INTERNAL, "out of memory", NULL);
    return VERB_FAILED;
}

static json_t *
change_shape (Ggen__PlanStep *const steps [], size_t steps_count, uint64_t generation)
{
    json_t *document = json_object ();
    shape_set (&document, "steps", steps_shape (steps, steps_count));
    shape_set (&document, "generation", json_integer ((json_int_t) generation));
    return document;
}

//  ---- install -----------------------------------------------------------------------------------

static int
print_install (const screen_t *screen, const Ggen__InstallReply *reply, bool named)
{
    if (screen->json) {
        json_t *document = change_shape (reply->steps, reply->n_steps, reply->generation);
        shape_set (&document, "dry_run", json_boolean (reply->dry_run));
        shape_set (&document, "fetched_bytes", json_integer ((json_int_t) reply->fetched_bytes));
        shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
        render_json (screen, document);
        return VERB_DONE;
    }
    char count [WORDING_COUNT_MAX], fetched [TEXT_SIZE_MAX];
    const size_t changing = steps_changing (reply->steps, reply->n_steps);
    render_warnings (screen, reply->warnings, reply->n_warnings);
    if (steps_print (screen, reply->steps, reply->n_steps, reply->dry_run) != OK)
        return out_of_memory (screen);
    if (reply->dry_run)
        screen_say (screen, "Dry run: nothing was changed.\n");
    else if (reply->n_steps == 0 && !named)
        screen_say (screen, "Nothing to do: no package is named, and ggen.lock has none.\n"
                            "  Name some: ggen market install PKG...\n");
    else if (changing == 0)
        screen_say (screen, "Nothing to do: all of it is installed.\n");
    else
        screen_say (screen, "%s Installed: %s, %s fetched, generation %" PRIu64 ".\n",
                    render_mark (screen, MARK_GOOD), wording_count (changing, "change", count),
                    text_size (reply->fetched_bytes, fetched), reply->generation);
    return VERB_DONE;
}

static bool
take_publisher (const args_t *args, const screen_t *screen, publisher_key_t *publisher)
{
    const char *text = args_value (args, "publisher");
    if (!text || publisher_key_from_text (publisher, text) == OK)
        return true;
    render_error (screen, VALIDATION, "--publisher wants a publisher's key",
                  "it is ed25519: and 64 hex digits, as `ggen market info PKG` shows it");
    return false;
}

//  ---- whose it is -------------------------------------------------------------------------------

//  Publishers of one name that are strangers to us, of whom somebody may choose.
typedef struct {
    const char *name;               //  of the failure's
    publisher_key_t keys [CHOICES_MAX];
    unsigned count;
} choice_t;

static void
add_choice (choice_t *self, const char *text)
{
    publisher_key_t key;
    bool known = publisher_key_from_text (&key, text) != OK || self->count == CHOICES_MAX;
    for (unsigned at = 0; at < self->count && !known; at++)
        known = publisher_key_equal (&self->keys [at], &key);
    if (!known)
        self->keys [self->count++] = key;
}

static choice_t
choice_of (const Ggen__Failure *failure)
{
    choice_t self = {.name = NULL};
    for (size_t at = 0; failure->code == UNTRUSTED_PUBLISHER && at < failure->n_details; at++) {
        const Ggen__Detail *detail = failure->details [at];
        if (strcmp (detail->key, "publisher") == 0)
            add_choice (&self, detail->value);
        else if (strcmp (detail->key, "package") == 0)
            self.name = detail->value;
    }
    return self;
}

static unsigned
ask_for_one (const screen_t *screen, const choice_t *self)
{
    char text [PACKAGE_ID_MAX + 80];
    for (unsigned at = 0; at < self->count; at++) {
        char fingerprint [PUBLISHER_KEY_FINGERPRINT_SIZE + 1], key [PUBLISHER_KEY_TEXT_SIZE + 1];
        publisher_key_fingerprint (&self->keys [at], fingerprint);
        publisher_key_to_text (&self->keys [at], key);
        fprintf (screen->err, "  %u  %s  %s\n", at + 1, fingerprint, key);
    }
    snprintf (text, sizeof text, "Which of these do you trust with %s?", self->name);
    return question_choice (screen, text, self->count);
}

//  Several publishers of a name without a pin (SPEC 9): whoever is at the terminal may choose one,
//  which pins the name. True: it is pinned, so what failed may be asked again.
static bool
choose_publisher (session_t *session, const screen_t *screen)
{
    const Ggen__Failure *failure = session_failure (session);
    if (!screen->can_ask || !failure)
        return false;
    choice_t choice = choice_of (failure);
    if (!choice.name || choice.count < 2)
        return false;
    const unsigned chosen = ask_for_one (screen, &choice);
    if (chosen == 0)
        return false;
    Ggen__TrustAddRequest add = GGEN__TRUST_ADD_REQUEST__INIT;
    char name [PACKAGE_ID_MAX + 1];
    snprintf (name, sizeof name, "%s", choice.name);
    add.name = name;
    add.key = publisher_key_to_field (&choice.keys [chosen - 1]);
    return session_ask (session, "trust", &add.base, &ggen__trust_add_reply__descriptor) != NULL;
}

static const Ggen__InstallReply *
ask_install (session_t *session, const screen_t *screen, const Ggen__InstallRequest *request)
{
    for (unsigned asked = 0;; asked++) {
        const Ggen__InstallReply *reply =
            session_ask (session, "installer", &request->base, &ggen__install_reply__descriptor);
        if (reply || request->dry_run || asked == CHOSEN_MAX || !choose_publisher (session, screen))
            return reply;
    }
}

int
install_run (const args_t *args, const screen_t *screen)
{
    publisher_key_t publisher;
    if (!take_publisher (args, screen, &publisher))
        return VERB_USAGE;
    AUTO (wants_release) wants_t wants = {.count = 0};
    AUTO (text_free) char *root = NULL;
    if (!wants_take (&wants, screen, args)
        || !path_take (screen, args_value (args, "target"), PATH_MAY_EXIST, &root))
        return VERB_FAILED;

    Ggen__InstallRequest request = GGEN__INSTALL_REQUEST__INIT;
    request.wants = wants.texts;
    request.n_wants = wants.count;
    request.root = root;
    request.force = args_flag (args, "force");
    request.no_dependencies = args_flag (args, "no-dependencies");
    request.with_optional = args_flag (args, "with-optional");
    request.dry_run = args_flag (args, "dry-run");
    request.frozen = args_flag (args, "frozen");
    request.offline = args_flag (args, "offline");
    if (args_value (args, "publisher"))
        request.publisher_key = publisher_key_to_field (&publisher);
    request.allow_unsigned = args_flag (args, "allow-unsigned");

    registries_t registries;
    AUTO (session_close) session_t *session = session_open (args, screen);
    if (!registries_take (&registries, session, args, screen))
        return session_status (session) ? session_status (session) : VERB_FAILED;
    request.registries = registries.names;
    request.n_registries = registries.count;
    const Ggen__InstallReply *reply = ask_install (session, screen, &request);
    if (reply)
        return print_install (screen, reply, wants.count > 0);
    if (session_status (session) == VERB_FAILED)
        tell_of_meanings (screen, args);
    return session_status (session);
}

//  ---- remove ------------------------------------------------------------------------------------

static int
print_remove (const screen_t *screen, const Ggen__RemoveReply *reply, bool dry_run)
{
    if (screen->json) {
        json_t *document = change_shape (reply->steps, reply->n_steps, reply->generation);
        shape_set (&document, "dry_run", json_boolean (dry_run));
        shape_set (&document, "warnings", shape_texts (reply->warnings, reply->n_warnings));
        render_json (screen, document);
        return VERB_DONE;
    }
    char count [WORDING_COUNT_MAX];
    render_warnings (screen, reply->warnings, reply->n_warnings);
    if (steps_print (screen, reply->steps, reply->n_steps, dry_run) != OK)
        return out_of_memory (screen);
    if (dry_run)
        screen_say (screen, "Dry run: nothing was changed.\n");
    else
        screen_say (screen, "%s Removed: %s, generation %" PRIu64 ".\n",
                    render_mark (screen, MARK_GOOD),
                    wording_count (steps_changing (reply->steps, reply->n_steps), "package", count),
                    reply->generation);
    return VERB_DONE;
}

int
remove_run (const args_t *args, const screen_t *screen)
{
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    Ggen__RemoveRequest request = GGEN__REMOVE_REQUEST__INIT;
    request.names = (char **) (uintptr_t) args->positionals;
    request.n_names = args->positionals_count;
    request.root = root;
    request.force = args_flag (args, "force");
    request.dry_run = args_flag (args, "dry-run");

    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__RemoveReply *reply =
        session_ask (session, "installer", &request.base, &ggen__remove_reply__descriptor);
    return reply ? print_remove (screen, reply, request.dry_run) : session_status (session);
}

//  ---- rollback ----------------------------------------------------------------------------------

//  A generation's number; 0 is what was there before ggen.
static bool
read_generation (const screen_t *screen, const char *text, Ggen__RollbackRequest *request)
{
    char *end = NULL;
    if (!text)
        return true;
    errno = 0;
    request->generation = strtoull (text, &end, 10);
    request->to_adopted = request->generation == 0;
    if (*text >= '0' && *text <= '9' && !*end && errno == 0)
        return true;
    render_error (screen, VALIDATION, "a generation is a whole number",
                  "without one: go back to the one before");
    return false;
}

static int
print_rollback (const screen_t *screen, const Ggen__RollbackReply *reply)
{
    if (screen->json) {
        json_t *document = change_shape (reply->steps, reply->n_steps, reply->generation);
        shape_set (&document, "from_generation",
                   json_integer ((json_int_t) reply->from_generation));
        shape_set (&document, "restored", shape_texts (reply->restored, reply->n_restored));
        render_json (screen, document);
        return VERB_DONE;
    }
    if (steps_print (screen, reply->steps, reply->n_steps, false) != OK)
        return out_of_memory (screen);
    for (size_t at = 0; at < reply->n_restored; at++) {
        AUTO (text_free) char *name = text_clean (reply->restored [at]);
        screen_say (screen, "Restored the original files of %s\n", name ? name : "");
    }
    screen_say (screen, "%s Back to generation %" PRIu64 " (from %" PRIu64 ").\n",
                render_mark (screen, MARK_GOOD), reply->generation, reply->from_generation);
    return VERB_DONE;
}

int
rollback_run (const args_t *args, const screen_t *screen)
{
    Ggen__RollbackRequest request = GGEN__ROLLBACK_REQUEST__INIT;
    if (!read_generation (screen, args_positional (args, 0), &request))
        return VERB_USAGE;
    AUTO (text_free) char *root = NULL;
    if (!path_take (screen, args_value (args, "target"), PATH_EXISTS, &root))
        return VERB_FAILED;
    request.root = root;

    AUTO (session_close) session_t *session = session_open (args, screen);
    const Ggen__RollbackReply *reply =
        session_ask (session, "installer", &request.base, &ggen__rollback_reply__descriptor);
    return reply ? print_rollback (screen, reply) : session_status (session);
}
