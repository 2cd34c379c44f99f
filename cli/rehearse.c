// SPDX-License-Identifier: MIT
#include "rehearse.h"
#include "decode.h"
#include "render.h"
#include "shape.h"
#include "stage.h"
#include "text.h"
#include "verbs.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WHY_MAX 4608

static const stage_t *provided;

void
stage_provide (const stage_t *stage)
{
    provided = stage;
}

//  ---- reading -------------------------------------------------------------------------------------

static code_t
hear (void *stage, const heard_t *heard)
{
    Ggen__TapHeader *header =
        ggen__tap_header__unpack (NULL, heard->header.size, heard->header.data);
    if (!header)
        return SERIALIZATION;
    const code_t code = provided->hear (stage, header, heard->body);
    ggen__tap_header__free_unpacked (header, NULL);
    return code;
}

static const char *
reason_of (code_t code)
{
    switch (code) {
    case BUSY:
        return "it has more messages than can be played";
    case SERIALIZATION:
        return "it has a message without a header";
    default:
        return "bulk bytes came with a message to this actor, and a recording has only their digest";
    }
}

//  Give all of it to the stage, 'again' without a word on what it lacks. Returns false when that failed, and
//  was printed.
static bool
hear_all (const screen_t *screen, void *stage, const char *path, bool again)
{
    char why [WHY_MAX];
    heard_t heard;
    uint64_t lost, lost_in_all = 0;
    recorded_t *recorded = NULL;
    code_t code = recorded_open (&recorded, path, why, sizeof why);
    while (code == OK && recorded_next (recorded, &heard, &lost)) {
        lost_in_all += lost;
        if (lost == 0)
            code = hear (stage, &heard);
        if (code != OK)
            snprintf (why, sizeof why, "%s: %s", path, reason_of (code));
    }
    if (code == OK)
        code = recorded_end (recorded, why, sizeof why);
    recorded_close (&recorded);
    if (code == OK && lost_in_all > 0 && !again) {
        snprintf (why, sizeof why, "%" PRIu64 " messages were lost while it was recorded", lost_in_all);
        render_warning (screen, why);
    }
    if (code != OK)
        render_error (screen, code, why, NULL);
    return code == OK;
}

//  ---- telling -------------------------------------------------------------------------------------

static const char *
kind_name (Ggen__Kind kind)
{
    const ProtobufCEnumValue *found =
        protobuf_c_enum_descriptor_get_value (&ggen__kind__descriptor, (int) kind);
    return found ? found->name : "?";
}

static json_t *
message_shape (const Ggen__RehearsedMessage *message)
{
    if (!message)
        return json_null ();
    const Ggen__Envelope *envelope = message->envelope;
    json_t *object = json_object (), *body = NULL;
    char id [17];
    snprintf (id, sizeof id, "%016" PRIx64, envelope->id);
    body = decode_bytes (envelope->type, (bytes_t) {message->body.data, message->body.len});
    shape_set (&object, "kind", json_string (kind_name (envelope->kind)));
    shape_set (&object, "type", shape_text (envelope->type));
    shape_set (&object, "to", shape_text (message->to));
    shape_set (&object, "id", json_string (id));
    shape_set (&object, "attachment_bytes", json_integer ((json_int_t) message->attachment_bytes));
    shape_set (&object, "body", body ? body : json_null ());
    return object;
}

static json_t *
result_shape (const char *actor, const Ggen__RehearsalReply *result)
{
    json_t *document = json_object (), *difference = NULL;
    if (result->differs) {
        difference = json_object ();
        shape_set (&difference, "number", json_integer (result->number));
        shape_set (&difference, "recorded", message_shape (result->recorded));
        shape_set (&difference, "played", message_shape (result->played));
    }
    shape_set (&document, "actor", shape_text (actor));
    shape_set (&document, "inputs", json_integer (result->inputs));
    shape_set (&document, "outputs", json_integer (result->outputs));
    shape_set (&document, "failed", json_boolean (result->failed));
    shape_set (&document, "next_life", json_boolean (result->next_life));
    shape_set (&document, "difference", difference ? difference : json_null ());
    return document;
}

static void
print_message (const screen_t *screen, const char *title, const Ggen__RehearsedMessage *message)
{
    if (!message) {
        fprintf (screen->out, "  %-9s nothing\n", title);
        return;
    }
    json_t *shape = message_shape (message);
    char *body = json_dumps (json_object_get (shape, "body"), JSON_COMPACT | JSON_ENCODE_ANY
                                                                  | JSON_ENSURE_ASCII);
    AUTO (text_free) char *type = text_clean (message->envelope->type);
    AUTO (text_free) char *to = text_clean (message->to);
    fprintf (screen->out, "  %-9s %s %s -> %s  %s\n", title, kind_name (message->envelope->kind),
             type ? type : "", to ? to : "", body ? body : "");
    free (body);
    json_decref (shape);
}

static void
print_result (const screen_t *screen, const char *actor, const Ggen__RehearsalReply *result)
{
    if (result->next_life)
        render_warning (screen, "the recording goes on with another one of this name; it was played up "
                                "to there");
    if (!result->differs && !result->failed) {
        screen_say (screen, "%s %s: %" PRIu32 " messages in, %" PRIu32 " out, as recorded\n",
                    render_mark (screen, MARK_GOOD), actor, result->inputs, result->outputs);
        return;
    }
    fprintf (screen->out, "%s %s: %" PRIu32 " messages in, %" PRIu32 " out as recorded; ",
             render_mark (screen, MARK_BAD), actor, result->inputs, result->outputs);
    if (!result->differs) {
        fputs ("then it failed\n", screen->out);
        return;
    }
    fprintf (screen->out, "number %" PRIu32 " differs%s\n", result->number,
             result->failed ? ", and it failed" : "");
    print_message (screen, "recorded:", result->recorded);
    print_message (screen, "played:", result->played);
}

//  ---- playing -------------------------------------------------------------------------------------

typedef struct {
    const char *dir, *path, *actor;
} rehearsed_t;

//  What comes of it; the caller's. NULL: it was printed why there is nothing.
static Ggen__RehearsalReply *
play (const screen_t *screen, void *stage, const char *actor)
{
    Ggen__RehearsalReply *result = NULL;
    const code_t code = provided->play (stage, &result);
    if (code == OK)
        return result;
    char message [256];
    snprintf (message, sizeof message,
              code == PACKAGE_NOT_FOUND ? "the recording has no message of actor '%.100s'"
                                        : "actor '%.100s' could not be made",
              actor);
    render_error (screen, code == PACKAGE_NOT_FOUND ? VALIDATION : code, message, NULL);
    return NULL;
}

static Ggen__RehearsalReply *
play_all (const screen_t *screen, const rehearsed_t *self, bool brief)
{
    char why [WHY_MAX];
    void *stage = NULL;
    Ggen__RehearsalReply *result = NULL;
    const code_t code =
        provided->open (provided->context, self->dir, self->actor, brief, &stage, why, sizeof why);
    if (code != OK)
        render_error (screen, code, why, NULL);
    else if (hear_all (screen, stage, self->path, brief))
        result = play (screen, stage, self->actor);
    if (stage)
        provided->close (&stage);
    return result;
}

static bool
as_recorded (const Ggen__RehearsalReply *result)
{
    return !result->differs && !result->failed;
}

int
rehearse (const screen_t *screen, const char *dir, const char *path, const char *actor)
{
    const rehearsed_t self = {dir, path, actor};
    Ggen__RehearsalReply *result = play_all (screen, &self, false);
    //  A recording does not say which it is of.
    Ggen__RehearsalReply *brief =
        result && !as_recorded (result) ? play_all (screen, &self, true) : NULL;
    if (!result)
        return VERB_FAILED;
    const Ggen__RehearsalReply *shown = brief && as_recorded (brief) ? brief : result;
    const int status = as_recorded (shown) ? VERB_DONE : VERB_FAILED;
    if (screen->json)
        render_json (screen, result_shape (actor, shown));
    else
        print_result (screen, actor, shown);
    ggen__rehearsal_reply__free_unpacked (result, NULL);
    if (brief)
        ggen__rehearsal_reply__free_unpacked (brief, NULL);
    return status;
}
