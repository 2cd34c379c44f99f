// SPDX-License-Identifier: MIT
#include "runtime/host/web.h"

#include "curl_dl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define STATUS_OK        200
#define STATUS_PARTIAL   206
#define STATUS_UNCHANGED 304
#define STATUS_RANGE     416        //  nothing is behind what we have

//  ---- libcurl -----------------------------------------------------------------------------------

static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
static bool started;

static code_t
load (char *why, size_t why_size)
{
    code_t code = curl_dl_load (why, why_size);
    pthread_mutex_lock (&starting);
    if (code == OK && !started && curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        snprintf (why, why_size, "libcurl does not start");
        code = FEATURE_NOT_ENABLED;
    }
    started = started || code == OK;
    pthread_mutex_unlock (&starting);
    return code;
}

//  Idle handles: each keeps its connections, so that the next file from the same server needs no new one.
static pthread_mutex_t resting = PTHREAD_MUTEX_INITIALIZER;
static CURL *idle [JOBS_WORKERS_MAX];
static unsigned idle_count;

static CURL *
take_handle (void)
{
    pthread_mutex_lock (&resting);
    CURL *handle = idle_count > 0 ? idle [--idle_count] : NULL;
    pthread_mutex_unlock (&resting);
    return handle ? handle : curl_easy_init ();
}

static void
give_back (CURL *handle)
{
    curl_easy_reset (handle);
    pthread_mutex_lock (&resting);
    bool kept = idle_count < JOBS_WORKERS_MAX;
    if (kept)
        idle [idle_count++] = handle;
    pthread_mutex_unlock (&resting);
    if (!kept)
        curl_easy_cleanup (handle);
}

//  ---- URLs --------------------------------------------------------------------------------------

static bool
has_part (CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool there = curl_url_get (url, part, &text, 0) == CURLUE_OK;
    curl_free (text);
    return there;
}

//  What is wrong with it, or NULL.
static const char *
fault_of (CURLU *url)
{
    char *scheme = NULL;
    const char *fault = NULL;
    if (curl_url_get (url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK
        || (strcmp (scheme, "http") != 0 && strcmp (scheme, "https") != 0))
        fault = "it is neither http:// nor https://";
    else if (!has_part (url, CURLUPART_HOST))
        fault = "it has no host";
    else if (has_part (url, CURLUPART_USER) || has_part (url, CURLUPART_PASSWORD))
        fault = "names and passwords belong into ~/.netrc, not into an URL";
    curl_free (scheme);
    return fault;
}

code_t
web_url_check (const char *url, char *why, size_t why_size)
{
    code_t code = load (why, why_size);
    if (code != OK)
        return code;
    CURLU *parsed = curl_url ();
    if (!parsed)
        return BUSY;
    const char *fault = strlen (url) > WEB_URL_MAX                                     ? "it is too long"
                        : curl_url_set (parsed, CURLUPART_URL, url, 0) != CURLUE_OK ? "it is no URL"
                                                                                       : fault_of (parsed);
    curl_url_cleanup (parsed);
    const char *secret = strrchr (url, '@');        //  What is before it is not for a log
    if (fault)
        snprintf (why, why_size, "%.200s: %s", secret ? secret + 1 : url, fault);
    return fault ? VALIDATION : OK;
}

bool
web_url_join (char url [WEB_URL_MAX + 1], const char *base, const char *reference)
{
    char why [128], *text = NULL;
    if (load (why, sizeof why) != OK)
        return false;
    CURLU *parsed = curl_url ();
    bool good = parsed && *reference && curl_url_set (parsed, CURLUPART_URL, base, 0) == CURLUE_OK
                && curl_url_set (parsed, CURLUPART_URL, reference, 0) == CURLUE_OK && !fault_of (parsed)
                && curl_url_get (parsed, CURLUPART_URL, &text, 0) == CURLUE_OK
                && strlen (text) <= WEB_URL_MAX;
    if (good)
        snprintf (url, WEB_URL_MAX + 1, "%s", text);
    curl_free (text);
    curl_url_cleanup (parsed);
    return good;
}

//  ---- one GET -----------------------------------------------------------------------------------

typedef struct {
    const web_ask_t *ask;
    web_answer_t *answer;
    CURL *handle;
    uint64_t from;                  //  the rest from here on was asked for; 0: the whole
    bool begun;                     //  the first bytes of a document have come
    uint64_t at;                    //  where the next ones go
    code_t code;                    //  why it was given up from here
    int error;
} get_t;

static long
status_of (const get_t *self)
{
    long status = 0;
    curl_easy_getinfo (self->handle, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static size_t
give_up (get_t *self, code_t code)
{
    self->code = code;
    return 0;
}

//  It is kept as a text, and goes into a line of the next question (RFC 9110, section 8.8.3).
static bool
is_plain (const char *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (from [i] < ' ' || from [i] > '~')
            return false;
    return true;
}

static size_t
on_header (char *data, size_t one, size_t size, void *arg)
{
    static const char name [] = "etag:";
    get_t *self = arg;
    size_t length = one * size;
    if (length >= 5 && memcmp (data, "HTTP/", 5) == 0)
        self->answer->etag [0] = 0;         //  A redirection's or an interim answer's is not the document's
    if (length < sizeof name || strncasecmp (data, name, sizeof name - 1) != 0)
        return length;
    const char *from = data + sizeof name - 1, *end = data + length;
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && (unsigned char) end [-1] <= ' ')
        end--;
    size_t etag = (size_t) (end - from);
    if (etag > WEB_ETAG_MAX || !is_plain (from, etag))
        etag = 0;
    memcpy (self->answer->etag, from, etag);
    self->answer->etag [etag] = 0;
    return length;
}

//  The first bytes: of the whole, or of the rest?
static bool
begin (get_t *self)
{
    self->begun = true;
    self->at = status_of (self) == STATUS_PARTIAL ? self->from : 0;
    if (ftruncate (self->ask->fd, (off_t) self->at) == 0)
        return true;
    self->error = errno;
    return false;
}

//  It comes with the document, or with that part of it that was asked for.
static bool
has_document (const get_t *self)
{
    long status = status_of (self);
    return status == STATUS_OK || (status == STATUS_PARTIAL && self->from > 0);
}

static size_t
on_body (char *data, size_t one, size_t size, void *arg)
{
    get_t *self = arg;
    size_t length = one * size;
    if (!has_document (self))
        return length;              //  What a server says of an error is not for us
    if (!self->begun && !begin (self))
        return give_up (self, STORAGE);
    if (length > self->ask->max_bytes || self->at > self->ask->max_bytes - length)
        return give_up (self, VALIDATION);
    for (size_t done = 0; done < length;) {
        ssize_t written = pwrite (self->ask->fd, data + done, length - done, (off_t) (self->at + done));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            self->error = errno;
            return give_up (self, errno == ENOSPC || errno == EDQUOT ? INSUFFICIENT_DISK_SPACE : STORAGE);
        }
        done += (size_t) written;
    }
    self->at += length;
    return length;
}

static int
on_progress (void *arg, curl_off_t total, curl_off_t done, curl_off_t up_total, curl_off_t up)
{
    (void) up_total;
    (void) up;
    get_t *self = arg;
    uint64_t before = self->begun && status_of (self) == STATUS_PARTIAL ? self->from : 0;
    if (done > 0)
        job_progress (self->ask->job, "download", self->ask->subject, before + (uint64_t) done,
                      total > 0 ? before + (uint64_t) total : 0, "bytes");
    if (job_cancelled (self->ask->job))
        self->code = CANCELLED;
    return self->code != OK;
}

//  Where it may be led to. False: libcurl is older than 7.85, and would follow to anywhere.
static bool
bind_protocols (CURL *handle, const char *url)
{
    const char *others = strncasecmp (url, "https:", 6) == 0 ? "https" : "http,https";
    return curl_easy_setopt (handle, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK
           && curl_easy_setopt (handle, CURLOPT_REDIR_PROTOCOLS_STR, others) == CURLE_OK;
}

static struct curl_slist *
set_options (get_t *self)
{
    CURL *handle = self->handle;
    const web_ask_t *ask = self->ask;
    char condition [WEB_ETAG_MAX + 32];
    struct curl_slist *headers = NULL;
    curl_easy_setopt (handle, CURLOPT_URL, ask->url);
    curl_easy_setopt (handle, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt (handle, CURLOPT_MAXREDIRS, (long) WEB_REDIRECTS_MAX);
    curl_easy_setopt (handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt (handle, CURLOPT_CONNECTTIMEOUT_MS, (long) WEB_CONNECT_MS);
    curl_easy_setopt (handle, CURLOPT_LOW_SPEED_LIMIT, (long) WEB_SLOW_BYTES);
    curl_easy_setopt (handle, CURLOPT_LOW_SPEED_TIME, (long) WEB_SILENT_S);
    curl_easy_setopt (handle, CURLOPT_NETRC, (long) CURL_NETRC_OPTIONAL);
    curl_easy_setopt (handle, CURLOPT_USERAGENT, "ggen/" GGEN_VERSION);
    curl_easy_setopt (handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt (handle, CURLOPT_HEADERDATA, self);
    curl_easy_setopt (handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt (handle, CURLOPT_WRITEDATA, self);
    curl_easy_setopt (handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt (handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt (handle, CURLOPT_XFERINFODATA, self);
    if (ask->packed)
        curl_easy_setopt (handle, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt (handle, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) self->from);
    if (*ask->etag) {
        snprintf (condition, sizeof condition, "If-None-Match: %.*s", WEB_ETAG_MAX, ask->etag);
        headers = curl_slist_append (NULL, condition);
        curl_easy_setopt (handle, CURLOPT_HTTPHEADER, headers);
    }
    return headers;
}

static code_t
code_of_status (long status)
{
    switch (status) {
        case 404:
        case 410:
            return PACKAGE_NOT_FOUND;
        case 401:
        case 403:
        case 407:
            return PERMISSION_DENIED;
        case 429:
        case 503:
            return BUSY;
        default:
            return NETWORK;
    }
}

static code_t
code_of_curl (CURLcode result)
{
    switch (result) {
        case CURLE_OPERATION_TIMEDOUT:
            return TIMEOUT;
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CACERT_BADFILE:
            return SECURITY;
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return VALIDATION;
        case CURLE_OUT_OF_MEMORY:
            return BUSY;
        default:
            return NETWORK;
    }
}

//  What became of it.
static code_t
judge (get_t *self, CURLcode result, char *why, size_t why_size)
{
    const web_ask_t *ask = self->ask;
    long status = status_of (self);
    if (self->code == VALIDATION)
        snprintf (why, why_size, "%s: it has more than %llu bytes", ask->url,
                  (unsigned long long) ask->max_bytes);
    else if (self->code == CANCELLED)
        snprintf (why, why_size, "%s: cancelled", ask->url);
    else if (self->code != OK)
        snprintf (why, why_size, "%s: %s", ask->url, strerror (self->error));
    if (self->code != OK)
        return self->code;
    if (result != CURLE_OK) {
        snprintf (why, why_size, "%s: %s", ask->url, curl_easy_strerror (result));
        return code_of_curl (result);
    }
    if ((status == STATUS_UNCHANGED && *ask->etag) || (status == STATUS_RANGE && self->from > 0))
        return OK;
    if (!has_document (self)) {
        snprintf (why, why_size, "%s: the server answers %ld", ask->url, status);
        return code_of_status (status);
    }
    if (!self->begun && !begin (self)) {        //  A document of no bytes
        snprintf (why, why_size, "%s: %s", ask->url, strerror (self->error));
        return STORAGE;
    }
    return OK;
}

//  libcurl takes neither the whole nor another part where the rest was asked for: then it is asked for
//  the whole.
static CURLcode
perform (get_t *self)
{
    CURLcode result = curl_easy_perform (self->handle);
    if (result != CURLE_RANGE_ERROR || self->from == 0 || self->code != OK)
        return result;
    self->from = self->at = 0;
    curl_easy_setopt (self->handle, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 0);
    return curl_easy_perform (self->handle);
}

code_t
web_get (const web_ask_t *ask, web_answer_t *answer, char *why, size_t why_size)
{
    *answer = (web_answer_t) {0};
    code_t code = web_url_check (ask->url, why, why_size);
    if (code != OK)
        return code;
    get_t self = {.ask = ask, .answer = answer, .handle = take_handle (),
                  .from = ask->have_bytes, .at = ask->have_bytes};
    if (!self.handle) {
        snprintf (why, why_size, "out of memory");
        return BUSY;
    }
    if (!bind_protocols (self.handle, ask->url)) {
        give_back (self.handle);
        snprintf (why, why_size, "libcurl is older than 7.85");
        return FEATURE_NOT_ENABLED;
    }
    struct curl_slist *headers = set_options (&self);
    CURLcode result = perform (&self);
    code = judge (&self, result, why, why_size);
    answer->unchanged = code == OK && status_of (&self) == STATUS_UNCHANGED;
    give_back (self.handle);
    curl_slist_free_all (headers);
    return code;
}
