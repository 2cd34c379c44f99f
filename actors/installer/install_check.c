// SPDX-License-Identifier: MIT
//  Who published what is about to be installed (SPEC 9): the signature, the publisher, what was
//  signed against what the registry said, and the keys of dependencies.
#include "install.h"

#include "memory.h"
#include "record.h"
#include "message.h"

#include <stdlib.h>
#include <string.h>

static void
set_bytes (ProtobufCBinaryData *field, ProtobufCBinaryData value)
{
    free (field->data);
    field->data = memory_new (value.len, 1);
    field->len = value.len;
    if (value.len > 0)
        memcpy (field->data, value.data, value.len);
}

//  Extraneous dependencies: only those that were signed count.
static bool
same_dependencies (const Ggen__Release *release, const Ggen__Package *package)
{
    if (release->n_dependencies != package->n_dependencies)
        return false;
    for (size_t i = 0; i < release->n_dependencies; i++) {
        const Ggen__SignedDependency *a = release->dependencies [i];
        bool found = false;
        for (size_t j = 0; j < package->n_dependencies && !found; j++) {
            const Ggen__Dependency *b = package->dependencies [j];
            found = strcmp (a->name, b->name) == 0 && strcmp (a->requirement, b->requirement) == 0
                    && !a->optional == !b->optional;
        }
        if (!found)
            return false;
    }
    return true;
}

static bool
tells_what_was_signed (const Ggen__Release *release, const Ggen__Package *package)
{
    return message_same_bytes (release->sha256, package->sha256)
           && release->size_bytes == package->size_bytes
           && same_dependencies (release, package);
}

bool
install_is_as_signed (const task_t *task, const Ggen__Package *package,
                      const Ggen__LockedPackage *locked)
{
    Ggen__SignedRecord *record = NULL;
    Ggen__Release *release = NULL;
    if (locked->publisher_key.len == 0)
        return true;
    bool good = record_open (&record, (bytes_t) {package->record.data, package->record.len}) == OK
                && message_same_bytes (record->key, locked->publisher_key)
                && record_check (record, task->crypto->verify, NULL) == OK
                && record_release (&release, record) == OK
                && strcmp (release->name, package->id) == 0
                && strcmp (release->version, package->version) == 0
                && tells_what_was_signed (release, package);
    record_release_destroy (&release);
    record_destroy (&record);
    return good;
}

//  The root's signature fixes who published its dependencies. What counts is whose signature was
//  checked, now or when it was installed, not whose the registry says it is. A path is the user's own.
typedef void (mismatch_fn) (task_t *task, const Ggen__Release *release,
                            const Ggen__SignedDependency *wanted, const item_t *item);

static void
each_mismatch_of (task_t *task, const Ggen__Release *release, mismatch_fn *visit)
{
    for (size_t i = 0; i < release->n_dependencies; i++) {
        const Ggen__SignedDependency *wanted = release->dependencies [i];
        for (size_t j = 0; j < task->items_count && wanted->publisher_key.len > 0; j++) {
            const item_t *item = &task->items [j];
            if (strcmp (item->locked->name, wanted->name) == 0 && !item->local
                && !message_same_bytes (item->locked->publisher_key, wanted->publisher_key))
                visit (task, release, wanted, item);
        }
    }
}

static void
each_mismatch (task_t *task, mismatch_fn *visit)
{
    for (size_t i = 0; i < task->items_count; i++)
        if (task->items [i].release)
            each_mismatch_of (task, task->items [i].release, visit);
}

//  The publisher may have got a new key since the root was published, or before.
static void
refuse_mismatch (task_t *task, const Ggen__Release *release, const Ggen__SignedDependency *wanted,
                 const item_t *item)
{
    if (*item->locked->adopted)
        task_fail (task, UNTRUSTED_PUBLISHER,
                   "install that one as well, by its name: a verified one takes its place",
                   "%s %s needs %s of a publisher that it names, and the one that is there was adopted: "
                   "nobody knows who published it",
                   release->name, release->version, wanted->name);
    else if (!install_line_joins (task, wanted->name, wanted->publisher_key,
                                  item->locked->publisher_key))
        task_fail (task, UNTRUSTED_PUBLISHER,
                   "ask the publisher of the dependant for a new release",
                   "%s %s was published against %s of another publisher than the one that "
                   "would be installed",
                   release->name, release->version, wanted->name);
}

static void
ask_line_of_mismatch (task_t *task, const Ggen__Release *release,
                      const Ggen__SignedDependency *wanted, const item_t *item)
{
    (void) release;
    (void) item;
    install_ask_line (task, wanted->name, wanted->publisher_key);
}

static void
ask_records_of_mismatch (task_t *task, const Ggen__Release *release,
                         const Ggen__SignedDependency *wanted, const item_t *item)
{
    (void) release;
    (void) item;
    install_ask_records (task, wanted->name);
}

static void
on_checked (task_t *task, void *item_, const answer_t *answer)
{
    item_t *item = item_;
    const Ggen__CheckReleaseReply *reply = (const void *) answer->message;
    const Ggen__Release *release = reply->release;
    const Ggen__Package *package = item->package;
    task_take_warnings (task, reply->warnings, reply->n_warnings);
    item->first_use = reply->first_use;
    item->pin_changes = reply->pin_changes;
    if (reply->yanked || package->yanked)
        task_warn (task, "%s %s was yanked by its publisher%s%s", package->id, package->version,
                   *package->yank_reason ? ": " : "", package->yank_reason);
    if (!release)
        return;
    bool of_another = package->publisher && package->publisher->public_key.len > 0
                      && !message_same_bytes (package->publisher->public_key, reply->publisher_key);
    if (of_another || !tells_what_was_signed (release, package)) {
        task_fail (task, SECURITY, "",
                   "%s %s: the registry %s tells other things of it than were signed",
                   package->id, package->version, package->source);
        return;
    }
    if (item->release)
        ggen__release__free_unpacked (item->release, NULL);
    item->release = (Ggen__Release *) message_copy (&release->base);
    if (!item->release)
        task_fail (task, INTERNAL, "", "out of memory");
    set_bytes (&item->locked->publisher_key, reply->publisher_key);
    set_bytes (&item->locked->files_sha256, release->files_sha256);
}

size_t
install_rivals (const gather_t *gather, const Ggen__Package *package,
                ProtobufCBinaryData rivals [RIVALS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < gather->candidates_count && count < RIVALS_MAX; i++) {
        const Ggen__Package *other = gather->candidates [i];
        if (strcmp (other->id, package->id) != 0 || !other->publisher || !package->publisher
            || other->publisher->public_key.len == 0
            || message_same_bytes (other->publisher->public_key, package->publisher->public_key))
            continue;
        bool known = false;
        for (size_t j = 0; j < count; j++)
            known |= message_same_bytes (rivals [j], other->publisher->public_key);
        if (!known)
            rivals [count++] = other->publisher->public_key;
    }
    return count;
}

ProtobufCBinaryData
install_head (const gather_t *gather, const Ggen__Package *package)
{
    ProtobufCBinaryData head = package->head;
    for (size_t i = 0; i < gather->candidates_count && head.len == 0; i++) {
        const Ggen__Package *other = gather->candidates [i];
        if (strcmp (other->id, package->id) == 0 && other->publisher && package->publisher
            && message_same_bytes (other->publisher->public_key, package->publisher->public_key))
            head = other->head;
    }
    return head;
}

//  The user accepts unsigned packages, now or of this registry.
static bool
may_be_unsigned (const task_t *task, const Ggen__Package *package)
{
    const Ggen__TrustListReply *trust = install_of (task)->trust;
    bool may = install_request (task)->allow_unsigned;
    for (size_t i = 0; trust && i < trust->n_unsigned_registries; i++)
        may |= strcmp (trust->unsigned_registries [i], package->source) == 0;
    return may;
}

//  Named exactly, or as it was locked: nobody chose it because it is the latest.
static bool
is_fixed (const task_t *task, const Ggen__Package *package)
{
    const Ggen__InstallRequest *request = install_request (task);
    const Ggen__LockedPackage *locked = lock_find (task->before, package->id);
    for (size_t i = 0; i < request->n_wants; i++) {
        char id [PACKAGE_ID_MAX + 1];
        const char *range;
        if (install_want (request->wants [i], id, &range) && range
            && strcmp (id, package->id) == 0 && strcmp (range, package->version) == 0)
            return true;
    }
    return locked && strcmp (locked->version, package->version) == 0;
}

//  Borrows from the task; 'rivals' is room for what it refers to.
static Ggen__CheckReleaseRequest
check_of (const task_t *task, const item_t *item, ProtobufCBinaryData rivals [RIVALS_MAX])
{
    const Ggen__InstallRequest *request = install_request (task);
    const Ggen__Package *package = item->package;
    Ggen__CheckReleaseRequest check = GGEN__CHECK_RELEASE_REQUEST__INIT;
    check.record = package->record;
    check.name = package->id;
    check.version = package->version;
    check.allow_unsigned = may_be_unsigned (task, package);
    check.head = install_head (install_of (task)->gather, package);
    check.require_fresh = task->require_fresh && !is_fixed (task, package);
    check.rivals = rivals;
    check.records = install_records (task, package->id, &check.n_records);
    if (install_wants (task, package->id))
        check.publisher_key = request->publisher_key;
    if (check.publisher_key.len == 0)
        check.n_rivals = install_rivals (install_of (task)->gather, package, rivals);
    return check;
}

static void
ask_trust (task_t *task, item_t *item)
{
    ProtobufCBinaryData rivals [RIVALS_MAX];
    Ggen__CheckReleaseRequest check = check_of (task, item, rivals);
    task_ask (task, "trust", &check.base, &ggen__check_release_reply__descriptor, on_checked, item,
              false);
}

static void
check_keys (task_t *task)
{
    each_mismatch (task, refuse_mismatch);
    task_then (task, install_of (task)->when_checked);
}

static void
ask_lines (task_t *task)
{
    each_mismatch (task, ask_line_of_mismatch);
    task_then (task, check_keys);
}

static void
look_at_keys (task_t *task)
{
    each_mismatch (task, ask_records_of_mismatch);
    task_then (task, ask_lines);
}

static bool
needs_check (const item_t *item)
{
    return item->changed && !item->local;
}

//  From so many packages on.
#define PREPARE_MIN 8

void
install_prepare (task_t *task, size_t count)
{
    install_t *self = install_of (task);
    Ggen__PrepareRequest request = GGEN__PREPARE_REQUEST__INIT;
    if (count < PREPARE_MIN || self->prepared || install_request (task)->dry_run)
        return;
    self->prepared = true;
    task_ask_aside (task, "store", &request.base, &ggen__prepare_reply__descriptor);
}

void
install_check (task_t *task, task_step_fn *next)
{
    size_t count = 0;
    install_of (task)->when_checked = next;
    for (size_t i = 0; i < task->items_count; i++)
        count += needs_check (&task->items [i]);
    install_prepare (task, count);
    for (size_t i = 0; i < task->items_count; i++) {
        item_t *item = &task->items [i];
        if (!needs_check (item))
            continue;
        if (item->package->record.len > 0)
            install_with_records (task, item, ask_trust);
        else
            ask_trust (task, item);
    }
    task_then (task, look_at_keys);
}

//  ---- first uses ----------------------------------------------------------------------------------

//  Releases that are pinned by one question, and so in one change on disk, and their bytes.
#define PIN_COUNT_MAX 256
#define PIN_BYTES_MAX ((size_t) 1 << 20)

typedef struct {
    Ggen__CheckReleaseRequest checks [PIN_COUNT_MAX];
    Ggen__CheckReleaseRequest *list [PIN_COUNT_MAX];
    ProtobufCBinaryData rivals [PIN_COUNT_MAX] [RIVALS_MAX];
    size_t count, bytes;
} pinning_t;

//  From so many trees on they are sent to the disk while it also gets what is pinned. Fewer are there in
//  no time.
#define FLUSH_MIN 8

static void
on_done (task_t *task, void *item, const answer_t *answer)
{
    (void) task;
    (void) item;
    (void) answer;
}

static void
ask_to_pin (task_t *task, pinning_t *pinning)
{
    Ggen__PinReleasesRequest request = GGEN__PIN_RELEASES_REQUEST__INIT;
    request.releases = pinning->list;
    request.n_releases = pinning->count;
    if (pinning->count > 0)
        task_ask (task, "trust", &request.base, &ggen__pin_releases_reply__descriptor, on_done,
                  NULL, false);
    pinning->count = pinning->bytes = 0;
}

static void
add_to_pin (task_t *task, pinning_t *pinning, const item_t *item)
{
    Ggen__CheckReleaseRequest *check = &pinning->checks [pinning->count];
    *check = check_of (task, item, pinning->rivals [pinning->count]);
    check->pin = true;
    pinning->list [pinning->count++] = check;
    pinning->bytes += ggen__check_release_request__get_packed_size (check);
    if (pinning->count == PIN_COUNT_MAX || pinning->bytes > PIN_BYTES_MAX)
        ask_to_pin (task, pinning);
}

static void
ask_to_flush (task_t *task)
{
    Ggen__FlushRequest request = GGEN__FLUSH_REQUEST__INIT;
    request.root = (char *) task->root;
    task_ask (task, "store", &request.base, &ggen__flush_reply__descriptor, on_done, NULL, false);
}

void
install_pin (task_t *task, task_step_fn *next)
{
    pinning_t *pinning = memory_new (1, sizeof *pinning);
    size_t unpacked = 0;
    for (size_t i = 0; i < task->items_count; i++) {
        const item_t *item = &task->items [i];
        if (item->changed && (item->first_use || item->pin_changes))
            add_to_pin (task, pinning, item);
        unpacked += item->missing;
    }
    if (pinning->count > 0 && unpacked >= FLUSH_MIN)
        ask_to_flush (task);
    ask_to_pin (task, pinning);
    free (pinning);
    task_then (task, next);
}
