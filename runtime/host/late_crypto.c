// SPDX-License-Identifier: MIT
//  Loading libcrypto takes a process half a millisecond (its 20,000 relocations), and most commands hash
//  nothing. Where libraries are linked in (see LINKED_IN in the Makefile), these functions stand in
//  their place and load it when one of them is called first. Callers, pure ones too, know nothing of it.
//  It stays a shared library of the system, found as the dynamic linker would find it. A function that
//  is missing here does not link.
#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT(number) TEXT_OF (number)
#define TEXT_OF(number) #number
#define SONAME "libcrypto.so." TEXT (OPENSSL_SHLIB_VERSION)

//  What a function returns, its name, its parameters, and they as arguments.
#define FUNCTIONS(F)                                                                               \
    F (EVP_MD_CTX *, EVP_MD_CTX_new, (void), ())                                                   \
    F (EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * in, const char *name, const char *properties),      \
       (in, name, properties))                                                                     \
    F (const EVP_MD *, EVP_sha256, (void), ())                                                     \
    F (const EVP_MD *, EVP_blake2b512, (void), ())                                                 \
    F (int, EVP_Digest,                                                                            \
       (const void *data, size_t size, unsigned char *hash, unsigned *hash_size,                   \
        const EVP_MD *by, ENGINE *engine),                                                         \
       (data, size, hash, hash_size, by, engine))                                                  \
    F (int, EVP_DigestInit_ex, (EVP_MD_CTX * self, const EVP_MD *by, ENGINE *engine),              \
       (self, by, engine))                                                                         \
    F (int, EVP_DigestUpdate, (EVP_MD_CTX * self, const void *data, size_t size),                  \
       (self, data, size))                                                                         \
    F (int, EVP_DigestFinal_ex, (EVP_MD_CTX * self, unsigned char *hash, unsigned *hash_size),     \
       (self, hash, hash_size))                                                                    \
    F (unsigned char *, SHA256, (const unsigned char *data, size_t size, unsigned char *hash),     \
       (data, size, hash))                                                                         \
    F (EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), ())                                           \
    F (int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX * self, int what, int number, void *pointer),     \
       (self, what, number, pointer))                                                              \
    F (EVP_CIPHER *, EVP_CIPHER_fetch,                                                             \
       (OSSL_LIB_CTX * in, const char *name, const char *properties), (in, name, properties))      \
    F (int, EVP_CipherInit_ex2,                                                                    \
       (EVP_CIPHER_CTX * self, const EVP_CIPHER *by, const unsigned char *key,                     \
        const unsigned char *nonce, int seals, const OSSL_PARAM settings []),                      \
       (self, by, key, nonce, seals, settings))                                                    \
    F (int, EVP_CipherUpdate,                                                                      \
       (EVP_CIPHER_CTX * self, unsigned char *out, int *out_size, const unsigned char *in,         \
        int in_size),                                                                              \
       (self, out, out_size, in, in_size))                                                         \
    F (int, EVP_CipherFinal_ex, (EVP_CIPHER_CTX * self, unsigned char *out, int *out_size),        \
       (self, out, out_size))                                                                      \
    F (const char *, OpenSSL_version, (int what), (what))

//  The same for those that return nothing. Nobody has anything to free, nor a thread anything to
//  leave, before the library is loaded.
#define ENDINGS(F)                                                                                 \
    F (EVP_MD_CTX_free, (EVP_MD_CTX * self), (self))                                               \
    F (EVP_MD_free, (EVP_MD * self), (self))                                                       \
    F (EVP_CIPHER_CTX_free, (EVP_CIPHER_CTX * self), (self))                                       \
    F (EVP_CIPHER_free, (EVP_CIPHER * self), (self))                                               \
    F (OPENSSL_thread_stop, (void), ())

static struct {
#define SLOT(type, name, parameters, arguments) type (*name) parameters;
#define ENDING_SLOT(name, parameters, arguments) void (*name) parameters;
    FUNCTIONS (SLOT)
    ENDINGS (ENDING_SLOT)
} real;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_bool loaded;

static void *
find (void *library, const char *name)
{
    void *found = library ? dlsym (library, name) : NULL;
    if (found)
        return found;
    //  As when the dynamic linker had found it missing, at the start.
    fprintf (stderr, "error: %s\n", dlerror ());
    _Exit (127);
}

static void
load (void)
{
    void *library = dlopen (SONAME, RTLD_LAZY | RTLD_LOCAL);
#define FIND(type, name, parameters, arguments) real.name = find (library, #name);
#define FIND_ENDING(name, parameters, arguments) real.name = find (library, #name);
    FUNCTIONS (FIND)
    ENDINGS (FIND_ENDING)
    atomic_store (&loaded, true);
}

#define DEFINE(type, name, parameters, arguments)                                                  \
    type name parameters                                                                           \
    {                                                                                              \
        pthread_once (&once, load);                                                                \
        return real.name arguments;                                                                \
    }
#define DEFINE_ENDING(name, parameters, arguments)                                                 \
    void name parameters                                                                           \
    {                                                                                              \
        if (atomic_load (&loaded))                                                                 \
            real.name arguments;                                                                   \
    }

FUNCTIONS (DEFINE)
ENDINGS (DEFINE_ENDING)
