// SPDX-License-Identifier: MIT
#include "shape.h"
#include "digest.h"
#include "publisher_key.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

void
shape_set (json_t **object_p, const char *key, json_t *value)
{
    if (*object_p && json_object_set_new (*object_p, key, value) == 0)
        return;
    if (!*object_p)
        json_decref (value);
    json_decref (*object_p);
    *object_p = NULL;
}

void
shape_append (json_t **array_p, json_t *value)
{
    if (*array_p && json_array_append_new (*array_p, value) == 0)
        return;
    if (!*array_p)
        json_decref (value);
    json_decref (*array_p);
    *array_p = NULL;
}

json_t *
shape_text (const char *text)
{
    json_t *string = json_string (text ? text : "");
    if (string)
        return string;
    //  Not UTF-8: the cleaned text is, and whoever sent such bytes has no claim on its controls.
    AUTO (text_free) char *clean = text_clean_lines (text);
    return clean ? json_string (clean) : NULL;
}

json_t *
shape_texts (char *const texts [], size_t texts_count)
{
    json_t *array = json_array ();
    for (size_t at = 0; at < texts_count; at++)
        shape_append (&array, shape_text (texts [at]));
    return array;
}

json_t *
shape_digest (ProtobufCBinaryData field)
{
    digest_t digest;
    char text [DIGEST_HEX_SIZE + 1];
    if (digest_from_field (&digest, field) != OK)
        return json_null ();
    digest_to_hex (&digest, text);
    return json_string (text);
}

json_t *
shape_key (ProtobufCBinaryData field)
{
    publisher_key_t key;
    char text [PUBLISHER_KEY_TEXT_SIZE + 1];
    if (publisher_key_from_field (&key, field) != OK)
        return json_null ();
    publisher_key_to_text (&key, text);
    return json_string (text);
}

json_t *
shape_time (int64_t wall_s)
{
    char time [TEXT_TIME_MAX];
    if (wall_s == 0 || !*text_time (wall_s, time))
        return json_null ();
    return json_string (time);
}

//  Numbers of the vocabulary are unsigned 64 bit, JSON's here signed: what does not fit is a lie
//  told by somebody, and its largest value does no harm.
static json_t *
count (uint64_t value)
{
    return json_integer (value > INT64_MAX ? INT64_MAX : (json_int_t) value);
}

//  "ADD" -> "add"; an unknown number from a newer version stays a number.
static json_t *
word (const ProtobufCEnumDescriptor *names, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value (names, value);
    if (!found)
        return json_integer (value);
    char text [32];
    size_t end = 0;
    for (; found->name [end] && end + 1 < sizeof text; end++) {
        const char c = found->name [end];
        text [end] = (char) (c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    text [end] = 0;
    return json_string (text);
}

static void
add_detail (json_t **details_p, const char *name, const char *value)
{
    json_t *known = *details_p ? json_object_get (*details_p, name) : NULL;
    if (!known) {
        shape_set (details_p, name, shape_text (value));
        return;
    }
    json_t *list = json_is_array (known) ? json_incref (known) : json_array ();
    if (!json_is_array (known))
        shape_append (&list, json_incref (known));
    shape_append (&list, shape_text (value));
    shape_set (details_p, name, list);
}

static json_t *
error_shape (code_t code, const char *message, const char *hint, json_t *details)
{
    json_t *error = json_object (), *document = json_object ();
    shape_set (&error, "code", json_string (code_name (code)));
    shape_set (&error, "message", shape_text (message));
    shape_set (&error, "hint", shape_text (hint));
    shape_set (&error, "details", details);
    shape_set (&document, "error", error);
    return document;
}

json_t *
shape_failure (const Ggen__Failure *failure)
{
    json_t *details = json_object ();
    for (size_t at = 0; at < failure->n_details; at++) {
        AUTO (text_free) char *name = text_clean (failure->details [at]->key);
        if (name)
            add_detail (&details, name, failure->details [at]->value);
    }
    return error_shape (failure->code, failure->message, failure->hint, details);
}

json_t *
shape_error (code_t code, const char *message, const char *hint)
{
    return error_shape (code, message, hint, json_object ());
}

static json_t *
publisher (const Ggen__Publisher *from)
{
    if (!from)
        return json_null ();
    json_t *self = json_object ();
    shape_set (&self, "name", shape_text (from->name));
    shape_set (&self, "email", shape_text (from->email));
    shape_set (&self, "public_key", shape_key (from->public_key));
    return self;
}

json_t *
shape_dependency (const Ggen__Dependency *from)
{
    json_t *self = json_object ();
    shape_set (&self, "name", shape_text (from->name));
    shape_set (&self, "requirement", shape_text (from->requirement));
    shape_set (&self, "optional", json_boolean (from->optional));
    shape_set (&self, "publisher_key", shape_key (from->publisher_key));
    return self;
}

json_t *
shape_package (const Ggen__Package *from)
{
    json_t *self = json_object (), *dependencies = json_array ();
    for (size_t at = 0; at < from->n_dependencies; at++)
        shape_append (&dependencies, shape_dependency (from->dependencies [at]));
    shape_set (&self, "id", shape_text (from->id));
    shape_set (&self, "version", shape_text (from->version));
    shape_set (&self, "title", shape_text (from->title));
    shape_set (&self, "description", shape_text (from->description));
    shape_set (&self, "readme", shape_text (from->readme));
    shape_set (&self, "publisher", publisher (from->publisher));
    shape_set (&self, "authors", shape_texts (from->authors, from->n_authors));
    shape_set (&self, "categories", shape_texts (from->categories, from->n_categories));
    shape_set (&self, "tags", shape_texts (from->tags, from->n_tags));
    shape_set (&self, "keywords", shape_texts (from->keywords, from->n_keywords));
    shape_set (&self, "license", shape_text (from->license));
    shape_set (&self, "repository", shape_text (from->repository));
    shape_set (&self, "homepage", shape_text (from->homepage));
    shape_set (&self, "ggen_compat", shape_text (from->ggen_compat));
    shape_set (&self, "dependencies", dependencies);
    shape_set (&self, "sha256", shape_digest (from->sha256));
    shape_set (&self, "size_bytes", count (from->size_bytes));
    shape_set (&self, "signed", json_boolean (from->record.len > 0));
    shape_set (&self, "created_at", shape_time (from->created_at));
    shape_set (&self, "downloads", count (from->downloads));
    shape_set (&self, "yanked", json_boolean (from->yanked));
    shape_set (&self, "yank_reason", shape_text (from->yank_reason));
    shape_set (&self, "source", shape_text (from->source));
    shape_set (&self, "location", shape_text (from->location));
    return self;
}

json_t *
shape_locked_dependencies (Ggen__LockedDependency *const list [], size_t count, const char *second)
{
    json_t *shapes = json_array ();
    for (size_t at = 0; at < count; at++) {
        json_t *one = json_object ();
        shape_set (&one, "name", shape_text (list [at]->name));
        shape_set (&one, second, shape_text (list [at]->version));
        shape_append (&shapes, one);
    }
    return shapes;
}

json_t *
shape_plan_step (const Ggen__PlanStep *from)
{
    json_t *self = json_object ();
    shape_set (&self, "action", word (&ggen__action__descriptor, (int) from->action));
    shape_set (&self, "name", shape_text (from->name));
    shape_set (&self, "version", shape_text (from->version));
    shape_set (&self, "previous", shape_text (from->previous));
    shape_set (&self, "source", shape_text (from->source));
    shape_set (&self, "size_bytes", count (from->size_bytes));
    shape_set (&self, "publisher_key", shape_key (from->publisher_key));
    shape_set (&self, "first_use", json_boolean (from->first_use));
    shape_set (&self, "direct", json_boolean (from->direct));
    return self;
}

json_t *
shape_locked_package (const Ggen__LockedPackage *from)
{
    json_t *self = json_object (), *dependencies = json_object ();
    for (size_t at = 0; at < from->n_dependencies; at++) {
        AUTO (text_free) char *name = text_clean (from->dependencies [at]->name);
        if (name)
            shape_set (&dependencies, name, shape_text (from->dependencies [at]->version));
    }
    shape_set (&self, "name", shape_text (from->name));
    shape_set (&self, "version", shape_text (from->version));
    shape_set (&self, "description", shape_text (from->description));
    shape_set (&self, "categories", shape_texts (from->categories, from->n_categories));
    shape_set (&self, "resolved", shape_text (from->resolved));
    shape_set (&self, "sha256", shape_digest (from->sha256));
    shape_set (&self, "size_bytes", count (from->size_bytes));
    shape_set (&self, "publisher_key", shape_key (from->publisher_key));
    shape_set (&self, "installed_at", shape_time (from->installed_at));
    shape_set (&self, "direct", json_boolean (from->direct));
    shape_set (&self, "adopted", json_boolean (*from->adopted != 0));
    shape_set (&self, "dependencies", dependencies);
    return self;
}

json_t *
shape_verify_finding (const Ggen__VerifyFinding *from)
{
    json_t *self = json_object ();
    shape_set (&self, "finding", word (&ggen__finding__descriptor, (int) from->finding));
    shape_set (&self, "package", shape_text (from->package));
    shape_set (&self, "version", shape_text (from->version));
    shape_set (&self, "path", shape_text (from->path));
    shape_set (&self, "expected", shape_text (from->expected));
    shape_set (&self, "actual", shape_text (from->actual));
    shape_set (&self, "fixed", json_boolean (from->fixed));
    return self;
}

json_t *
shape_key_info (const Ggen__KeyInfo *from)
{
    json_t *self = json_object ();
    shape_set (&self, "name", shape_text (from->name));
    shape_set (&self, "public_key", shape_key (from->public_key));
    shape_set (&self, "recovery_sha256", shape_digest (from->recovery_sha256));
    shape_set (&self, "created_at", shape_time (from->created_at));
    shape_set (&self, "path", shape_text (from->path));
    shape_set (&self, "encrypted", json_boolean (from->encrypted));
    return self;
}

json_t *
shape_trust_pin (const Ggen__TrustPin *from)
{
    json_t *self = json_object ();
    shape_set (&self, "name", shape_text (from->name));
    shape_set (&self, "key", shape_key (from->key));
    shape_set (&self, "since", shape_time (from->since));
    shape_set (&self, "how", shape_text (from->how));
    shape_set (&self, "head_seq", count (from->head_seq));
    return self;
}

json_t *
shape_progress (const Ggen__Progress *from)
{
    json_t *self = json_object ();
    shape_set (&self, "stage", shape_text (from->stage));
    shape_set (&self, "subject", shape_text (from->subject));
    shape_set (&self, "done", count (from->done));
    shape_set (&self, "total", count (from->total));
    shape_set (&self, "unit", shape_text (from->unit));
    return self;
}
