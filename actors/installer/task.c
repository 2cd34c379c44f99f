// SPDX-License-Identifier: MIT
#include "task_ask.h"

#include "manifest.h"
#include "many.h"
#include "memory.h"
#include "package_id.h"
#include "semver.h"
#include "semver_range.h"
#include "utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void proceed (task_t *task);

void
task_ask_free (task_ask_t *ask)
{
    if (!ask->on_answer)
        many_free (&ask->message);
    else if (ask->message)
        protobuf_c_message_free_unpacked (ask->message, NULL);
    while (ask->together) {
        task_ask_t *following = ask->together->following;
        task_ask_free (ask->together);
        ask->together = following;
    }
    free (ask->to);
    free (ask);
}

static void
drop_queue (task_t *task)
{
    while (task->queue) {
        task_ask_t *following = task->queue->following;
        task_ask_free (task->queue);
        task->queue = following;
    }
    task->queue_last = NULL;
    task->queued = 0;
}

static void
take_out (task_t *task, task_ask_t *ask)
{
    task_ask_t **place = &task->under_way;
    while (*place != ask)
        place = &(*place)->following;
    *place = ask->following;
}

//  A failure that cannot be copied is one, too: nothing may go on as if all were well.
static void
fail_as (task_t *task, const answer_t *answer)
{
    task->failure = (Ggen__Failure *) message_copy (&answer->failure->base);
    if (!task->failure)
        task_fail (task, answer->code, "", "%s", code_name (answer->code));
}

void
task_take_answer (task_t *task, const task_ask_t *ask, const answer_t *answer)
{
    if (task->failure || ask->aside)
        return;
    const bool stops = answer->code == CANCELLED && !task->committed;
    if (answer->code == OK || (ask->tolerant && !stops))
        ask->on_answer (task, ask->item, answer);
    else
        fail_as (task, answer);
}

static code_t
on_answer (void *self, void *arg, const answer_t *answer)
{
    (void) self;
    task_ask_t *ask = arg;
    task_t *task = ask->task;
    if (answer->progress)
        return OK;
    task->waiting--;
    take_out (task, ask);
    if (ask->together && answer->code != CANCELLED)
        task_take_together (task, ask, answer);
    else
        task_take_answer (task, ask, answer);
    task_ask_free (ask);
    proceed (task);
    return OK;
}

static void
send_queue (task_t *task)
{
    while (task->queue && task->waiting < TASK_WINDOW) {
        task_bring_together (task);
        task_ask_t *ask = task->queue;
        //  A cancel that comes too late cancels nothing of what is still to be done.
        ask_t question = {.to = ask->to,
                          .message = ask->message,
                          .expect = ask->expect,
                          .parent = task->committed ? 0 : task->ticket,
                          .on_answer = on_answer,
                          .arg = ask};
        code_t code = out_ask (task->out, &question);
        task->queue = ask->following;
        task->queued--;
        if (!task->queue)
            task->queue_last = NULL;
        if (code == OK) {
            task->waiting++;
            ask->following = task->under_way;
            task->under_way = ask;
            continue;
        }
        const bool aside = ask->aside;
        task_ask_free (ask);
        if (aside)
            continue;
        task_fail (task, code, "", code == CANCELLED ? "cancelled" : "too much is asked at once");
        drop_queue (task);
    }
}

//  What there was to warn of may be why it failed.
static void
refuse (const task_t *task)
{
    Ggen__Failure failure = *task->failure;
    Ggen__Detail rooms [TASK_WARNINGS_MAX];
    size_t count = failure.n_details + task->warnings_count;
    failure.details = memory_new (count + 1, sizeof *failure.details);
    for (size_t i = 0; i < task->failure->n_details; i++)
        failure.details [i] = task->failure->details [i];
    for (size_t i = 0; i < task->warnings_count; i++) {
        ggen__detail__init (&rooms [i]);
        rooms [i].key = "warning";
        rooms [i].value = task->warnings [i];
        failure.details [failure.n_details++] = &rooms [i];
    }
    out_refuse_as (task->out, task->ticket, &failure);
    free (failure.details);
}

//  Tell the asker.
static void
finish (task_t *task)
{
    if (task->failure)
        refuse (task);
    else
        out_answer (task->out, task->ticket, task->reply);
    installer_task_over (task->installer, task);
}

static code_t
on_discarded (void *self, void *arg, const answer_t *answer)
{
    (void) self;
    if (!answer->progress)
        finish (arg);
    return OK;
}

//  What was made for this task and is not needed goes before the asker hears of the end, also when
//  the asker has cancelled.
static void
end (task_t *task)
{
    Ggen__DiscardRequest request = GGEN__DISCARD_REQUEST__INIT;
    request.root = (char *) task->root;
    ask_t ask = {.to = "store",
                 .message = &request.base,
                 .expect = &ggen__discard_reply__descriptor,
                 .on_answer = on_discarded,
                 .arg = task};
    if (!task->staged || out_ask (task->out, &ask) != OK)
        finish (task);
}

//  The heart: ask what waits; when nothing is under way, end or go on.
static void
proceed (task_t *task)
{
    if (task->failure)
        drop_queue (task);
    else
        send_queue (task);
    if (task->waiting > 0)
        return;
    if (task->failure || task->reply)
        end (task);
    else {
        //  A step has asked, gone on, answered or failed.
        assert (task->next);
        task_step_fn *next = task->next;
        task->next = NULL;
        next (task);
        proceed (task);
    }
}

void
task_begin (task_t *task)
{
    task->next = task->first;
    proceed (task);
}

void
task_abandon (task_t *task)
{
    drop_queue (task);
    while (task->under_way) {
        task_ask_t *ask = task->under_way;
        task->under_way = ask->following;
        task_ask_free (ask);
    }
}

static task_ask_t *
make_ask (task_t *task, const char *to, const ProtobufCMessage *message,
          const ProtobufCMessageDescriptor *expect, task_answer_fn *on_answer_, void *item,
          bool tolerant)
{
    task_ask_t *ask = memory_new (1, sizeof *ask);
    *ask = (task_ask_t) {.task = task,
                                .to = memory_strdup (to),
                                .message = message_copy (message),
                                .expect = expect,
                                .on_answer = on_answer_,
                                .item = item,
                                .tolerant = tolerant};
    return ask;
}

static bool
queue_is_full (task_t *task)
{
    if (task->queued == TASK_QUEUE_MAX)
        task_fail (task, VALIDATION, "", "more than %u questions at once", TASK_QUEUE_MAX);
    return task->queued == TASK_QUEUE_MAX;
}

void
task_ask (task_t *task, const char *to, const ProtobufCMessage *message,
          const ProtobufCMessageDescriptor *expect, task_answer_fn *on_answer_, void *item,
          bool tolerant)
{
    if (queue_is_full (task))
        return;
    task_ask_t *ask = make_ask (task, to, message, expect, on_answer_, item, tolerant);
    if (task->queue_last)
        task->queue_last->following = ask;
    else
        task->queue = ask;
    task->queue_last = ask;
    task->queued++;
}

static void
ignore (task_t *task, void *item, const answer_t *answer)
{
    (void) task;
    (void) item;
    (void) answer;
}

void
task_ask_aside (task_t *task, const char *to, const ProtobufCMessage *message,
                const ProtobufCMessageDescriptor *expect)
{
    if (queue_is_full (task))
        return;
    task_ask (task, to, message, expect, ignore, NULL, true);
    task->queue_last->aside = true;
}

void
task_ask_first (task_t *task, const char *to, const ProtobufCMessage *message,
                const ProtobufCMessageDescriptor *expect, task_answer_fn *on_answer_, void *item)
{
    if (queue_is_full (task))
        return;
    task_ask_t *ask = make_ask (task, to, message, expect, on_answer_, item, false);
    ask->following = task->queue;
    task->queue = ask;
    if (!task->queue_last)
        task->queue_last = ask;
    task->queued++;
}

void *
task_room (task_t *task, size_t size)
{
    if (!task->arena)
        task->arena = arena_new ();
    return arena_alloc (task->arena, size);
}

void
task_then (task_t *task, task_step_fn *next)
{
    task->next = next;
}

void
task_fail (task_t *task, code_t code, const char *hint, const char *format, ...)
{
    if (task->failure)
        return;
    char text [FAILURE_TEXT_MAX + 1];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    utf8_trim (text);
    va_end (args);
    Ggen__Failure failure = GGEN__FAILURE__INIT;
    failure.code = code;
    failure.message = text;
    failure.hint = (char *) hint;
    task->failure = (Ggen__Failure *) message_copy (&failure.base);
    assert (task->failure);
}

void
task_answer (task_t *task, const ProtobufCMessage *message)
{
    task->reply = message_copy (message);
    if (!task->reply)
        task_fail (task, INTERNAL, "", "out of memory");
}

void
task_warn (task_t *task, const char *format, ...)
{
    if (task->warnings_count == TASK_WARNINGS_MAX)
        return;
    char text [1024];
    va_list args;
    va_start (args, format);
    vsnprintf (text, sizeof text, format, args);
    utf8_trim (text);
    va_end (args);
    for (size_t i = 0; i < task->warnings_count; i++)
        if (strcmp (task->warnings [i], text) == 0)
            return;
    task->warnings [task->warnings_count++] = memory_strdup (text);
}

void
task_take_warnings (task_t *task, char *const *warnings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        task_warn (task, "%s", warnings [i]);
}

//  ---- manifests -----------------------------------------------------------------------------------

static bool
is_version (const char *text)
{
    semver_t version;
    return semver_parse (&version, text) == OK;
}

static bool
is_range (const char *text)
{
    semver_range_t *range = NULL;
    bool good = semver_range_parse (&range, text) == OK;
    semver_range_destroy (&range);
    return good;
}

void
task_lacks_manifest (task_t *task, const char *where)
{
    task_fail (task, VALIDATION, "`ggen market init` writes a commented gpack.toml",
               "%s: manifest: there is none of %s, %s, %s, %s", where, manifest_names [0],
               manifest_names [1], manifest_names [2], manifest_names [3]);
}

Ggen__Package *
task_read_package (const Ggen__Manifest *manifest, char **why_p)
{
    const manifest_rules_t rules = {.is_id = package_id_valid,
                                    .is_version = is_version,
                                    .is_range = is_range,
                                    .is_lax = true};
    manifest_notes_t *notes = memory_new (1, sizeof *notes);
    Ggen__Package *package = NULL;
    json_t *doc = json_loads (manifest->json, JSON_DECODE_ANY, NULL);
    code_t code = doc ? manifest_read (doc, manifest->name, &rules, &package, notes) : SERIALIZATION;
    if (code)
        *why_p = memory_strdup (*notes->error ? notes->error : "it does not read");
    if (doc)
        json_decref (doc);
    free (notes);
    return package;
}

Ggen__Package *
task_package_of (task_t *task, const Ggen__Manifest *manifest, const char *where,
                 const Ggen__PublishTreeRequest *publish)
{
    const manifest_rules_t rules = {.is_id = package_id_valid,
                                    .is_version = is_version,
                                    .is_range = is_range,
                                    .version = publish && *publish->version ? publish->version
                                                                            : NULL,
                                    .is_strict = publish && publish->strict,
                                    .is_lax = publish && publish->skip_verify};
    manifest_notes_t *notes = memory_new (1, sizeof *notes);
    Ggen__Package *package = NULL;
    json_t *doc = json_loads (manifest->json, JSON_DECODE_ANY, NULL);
    code_t code = doc ? manifest_read (doc, manifest->name, &rules, &package, notes) : SERIALIZATION;
    if (code)
        task_fail (task, code, "", "%s/%s: manifest: %s", where, manifest->name,
                   *notes->error ? notes->error : "it does not read");
    else if (rules.is_strict && notes->warnings_count > 0)
        task_fail (task, VALIDATION, "", "%s/%s: manifest: %s", where, manifest->name,
                   notes->warnings [0]);
    for (size_t i = 0; i < notes->warnings_count && i < MANIFEST_WARNINGS_MAX; i++)
        task_warn (task, "%s", notes->warnings [i]);
    if (doc)
        json_decref (doc);
    free (notes);
    return package;
}
