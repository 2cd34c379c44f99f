// SPDX-License-Identifier: MIT
//  "keyring": our own publisher keys, one file each, and signing with them. Asks nobody. No secret
//  is ever in a message or a log line; it is read for one request, in locked memory where that is
//  allowed, and wiped.
//
//  KeyGenerateRequest  a new key; 'name' empty is "default".
//  KeyShowRequest      one key, KeyListRequest all of them by name (KEYRING_KEYS_MAX at most).
//  KeyExportRequest    the key file, copied to a new file at an absolute path, 0600.
//  KeyImportRequest    a key file as KeyExport wrote it; 'name' empty takes the name inside. One
//                      that others may read is taken, with a line in the log.
//  SignRequest         a record of a valid Release, Head or Listing, and of nothing else;
//                      'key_name' empty is "default".
//  KeySucceedRequest, KeyPromoteRequest    the two halves of a rotation: the key that will follow, as
//                      NAME-next, and the exchange of the two; the former stays as NAME-FINGERPRINT.
//                      Each can be asked again after a crash.
//  MinisignRequest     a signature of a file for minisign(1), once the file was hashed and is the one
//                      told. CHECKSUM_MISMATCH: it is not.
//  KeyGenerateLockedRequest, KeyUnlockRequest    keys with a passphrase (key_lock_io.h). An opened one
//                      stays so for KEYRING_UNLOCK_MS, in locked memory.
//
//  VALIDATION               a name that is not [A-Za-z0-9_-] of 1 .. KEYRING_NAME_MAX bytes, a
//                           payload that is no valid record, or a file that is no key: with path
//  MISSING_SIGNATURE        there is no such key to sign with
//  ALREADY_EXISTS           there is one of this name, or the file to export to: never overwritten
//  PERMISSION_DENIED        the passphrase is wrong, or the key is locked; others may read the key file
//                           (with the chmod to run), or we may not
//  INSUFFICIENT_DISK_SPACE  and STORAGE: with path and reason
#ifndef GGEN_KEYRING_IO_H
#define GGEN_KEYRING_IO_H

#include "runtime/actor/actor.h"

#define KEYRING_NAME_MAX 64
#define KEYRING_KEYS_MAX 256
#define KEYRING_DEFAULT  "default"

#define KEYRING_UNLOCKED_MAX 8              //  at one time; one more locks the oldest
#define KEYRING_UNLOCK_MS    900000         //  15 minutes

typedef struct {
    const char *dir;            //  of the keys, absolute ("HOME/keys"); borrowed for create
} keyring_settings_t;

extern const actor_class_t keyring_actor;

#endif
