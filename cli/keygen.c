// SPDX-License-Identifier: MIT
#include "keygen.h"
#include "render.h"
#include "text.h"
#include "wording.h"
#include "publisher.pb-c.h"

const Ggen__KeyInfo *
keygen_make (session_t *session, const screen_t *screen, const char *name, const char *pipe,
             recovery_t *recovery)
{
    if (recovery_make (recovery) != OK) {
        render_error (screen, INTERNAL, "no randomness for a key", NULL);
        return NULL;
    }
    Ggen__KeyGenerateRequest request = GGEN__KEY_GENERATE_REQUEST__INIT;
    Ggen__KeyGenerateLockedRequest locked = GGEN__KEY_GENERATE_LOCKED_REQUEST__INIT;
    request.name = locked.name = wording_borrow (name);
    request.recovery_sha256 = locked.recovery_sha256 =
        digest_to_field (&recovery->public_sha256);
    locked.pipe = wording_borrow (pipe);
    const Ggen__KeyGenerateReply *reply =
        session_ask (session, "keyring", pipe ? &locked.base : &request.base,
                     &ggen__key_generate_reply__descriptor);
    if (reply)
        session_changed (session);
    if (reply && !reply->key)
        render_error (screen, SERIALIZATION, "the keyring's answer lacks the key", NULL);
    return reply ? reply->key : NULL;
}

void
keygen_tell (FILE *out, const Ggen__KeyInfo *key, const recovery_t *recovery)
{
    char fingerprint [WORDING_PUBLISHER_MAX], text [PUBLISHER_KEY_TEXT_SIZE + 1];
    AUTO (text_free) char *name = text_clean (key->name);
    AUTO (text_free) char *path = text_clean (key->path);
    fprintf (out, "A new publisher key, \"%s\", signs what you publish.\n", name ? name : "");
    fprintf (out, "  fingerprint   %s\n", wording_publisher (key->public_key, fingerprint));
    fprintf (out, "  public key    %s\n", wording_key (key->public_key, text));
    fprintf (out, "  kept in       %s\n\n", path ? path : "");
    fprintf (out, "Its recovery key, shown this once and stored nowhere:\n\n  %s\n\n",
             recovery->text);
    fputs ("Write it on paper, or keep it on a disk that is not connected. If the key above is\n"
           "lost or stolen, only this one can hand your packages to a new key. Whoever has it\n"
           "owns them.\n", out);
}
