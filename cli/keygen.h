// SPDX-License-Identifier: MIT
//  Making a publisher key: what `key generate` does, and `publish` when there is none.
#ifndef GGEN_KEYGEN_H
#define GGEN_KEYGEN_H

#include "recovery.h"
#include "session.h"
#include "trust.pb-c.h"

//  Make the recovery key and have the keyring make the key 'name'. The answer is borrowed until
//  session_close; *recovery is for keygen_tell and then recovery_wipe. NULL: it failed, and that
//  was printed; session_status, or VERB_FAILED when that is 0. 'pipe': where its passphrase is
//  (unlock.h), or NULL without one.
const Ggen__KeyInfo *
    keygen_make (session_t *session, const screen_t *screen, const char *name, const char *pipe,
                 recovery_t *recovery);

//  Show the new key and, this one time, the recovery key, on 'out'.
void
    keygen_tell (FILE *out, const Ggen__KeyInfo *key, const recovery_t *recovery);

#endif
