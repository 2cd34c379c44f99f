// SPDX-License-Identifier: MIT
#include "web.h"

#define CURL_DISABLE_TYPECHECK
#include "curl_dl.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LOOK_MS 100

typedef struct {
    const web_get_t *get;
    web_answer_t *answer;
    CURL *easy;
    CURLM *multi;
    struct curl_slist *headers;
    char modified[WEB_TAG_MAX + 1], date[WEB_TAG_MAX + 1];
    uint64_t done_bytes;        //  of the whole
    int error;                  //  errno of a write that failed
    bool too_large;
} transfer_t;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
begin_library (void)
{
    curl_global_init (CURL_GLOBAL_DEFAULT);
}

static code_t printf_like (3, 4)
fail (web_answer_t *answer, code_t code, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    vsnprintf (answer->why, sizeof answer->why, format, arguments);
    va_end (arguments);
    return code;
}

//  ---- what comes ----------------------------------------------------------------------------------

static long
status_of (const transfer_t *self)
{
    long status = 0;
    curl_easy_getinfo (self->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

//  Returning less than came ends the transfer. What an error page says is not kept.
static size_t
on_bytes (char *data, size_t one, size_t size, void *arg)
{
    transfer_t *self = arg;
    const long status = status_of (self);
    size *= one;
    if (status != 200 && status != 206)
        return size;
    if (size > self->get->bytes_max - self->done_bytes) {
        self->too_large = true;
        return 0;
    }
    for (size_t written = 0; written < size;) {
        const ssize_t more = pwrite (self->get->fd, data + written, size - written,
                                     (off_t) (self->done_bytes + written));
        if (more < 0 && errno != EINTR) {
            self->error = errno;
            return 0;
        }
        written += more > 0 ? (size_t) more : 0;
    }
    self->done_bytes += size;
    return size;
}

//  The value of a line that begins with 'name', which is in small letters.
static void
take_value (const char *line, size_t size, const char *name, char value[WEB_TAG_MAX + 1])
{
    const size_t name_size = strlen (name);
    if (size < name_size || strncasecmp (line, name, name_size) != 0)
        return;
    const char *from = line + name_size, *to = line + size;
    while (from < to && isspace ((unsigned char) *from))
        from++;
    while (to > from && isspace ((unsigned char) to[-1]))
        to--;
    const size_t length = (size_t) (to - from) <= WEB_TAG_MAX ? (size_t) (to - from) : 0;
    memcpy (value, from, length);
    value[length] = 0;
}

//  A line of an answer's head. What a redirection said is forgotten by the next answer.
static size_t
on_header (char *line, size_t one, size_t size, void *arg)
{
    transfer_t *self = arg;
    size *= one;
    if (size >= 5 && memcmp (line, "HTTP/", 5) == 0)
        *self->answer->tag = *self->modified = *self->date = 0;
    take_value (line, size, "etag:", self->answer->tag);
    take_value (line, size, "last-modified:", self->modified);
    take_value (line, size, "date:", self->date);
    return size;
}

//  Without an ETag the time of the last change tells one text from another (RFC 9110, 8.8.2.2).
static void
choose_tag (transfer_t *self)
{
    const time_t modified = curl_getdate (self->modified, NULL), date = curl_getdate (self->date, NULL);
    if (!*self->answer->tag && modified != -1 && date != -1 && date - modified >= WEB_SETTLED_SECS)
        memcpy (self->answer->tag, self->modified, sizeof self->modified);
}

//  ---- one transfer --------------------------------------------------------------------------------

static bool
set_what (transfer_t *self)
{
    const web_get_t *get = self->get;
    char line[WEB_TAG_MAX + 32];
    CURL *easy = self->easy;
    if (*get->tag) {
        const bool entity = *get->tag == '"' || strncmp (get->tag, "W/", 2) == 0;
        snprintf (line, sizeof line, "%s: %s", entity ? "If-None-Match" : "If-Modified-Since",
                  get->tag);
        self->headers = curl_slist_append (NULL, line);
        if (!self->headers)
            return false;
    }
    return curl_easy_setopt (easy, CURLOPT_URL, get->url) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_HTTPHEADER, self->headers) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_USERAGENT, "ggen/" GGEN_VERSION) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) get->begin_bytes)
                  == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_ACCEPT_ENCODING, get->compressed ? "" : NULL)
                  == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_WRITEDATA, self) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_HEADERDATA, self) == CURLE_OK;
}

static bool
set_bounds (transfer_t *self)
{
    CURL *easy = self->easy;
    const bool secure = strncasecmp (self->get->url, "https:", 6) == 0;
    return curl_easy_setopt (easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https")
                  == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_MAXREDIRS, (long) WEB_REDIRECTS_MAX) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_MAXFILESIZE_LARGE,
                                (curl_off_t) (self->get->bytes_max - self->get->begin_bytes)) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_CONNECTTIMEOUT_MS, (long) WEB_CONNECT_MS) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_LOW_SPEED_LIMIT, (long) WEB_SLOW_BYTES) == CURLE_OK
           && curl_easy_setopt (easy, CURLOPT_LOW_SPEED_TIME, (long) WEB_SLOW_SECS) == CURLE_OK;
}

static bool
may_go_on (const transfer_t *self)
{
    curl_off_t total = -1;
    curl_easy_getinfo (self->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &total);
    return self->get->go_on (self->get->arg, self->done_bytes,
                             total < 0 ? 0 : (uint64_t) total + self->get->begin_bytes);
}

//  Until it has ended: what libcurl says of it. CURLE_ABORTED_BY_CALLBACK: it was not to go on.
static CURLcode
run (transfer_t *self)
{
    int running = 1, left;
    while (running) {
        if (!may_go_on (self))
            return CURLE_ABORTED_BY_CALLBACK;
        if (curl_multi_perform (self->multi, &running) != CURLM_OK
            || (running && curl_multi_poll (self->multi, NULL, 0, LOOK_MS, NULL) != CURLM_OK))
            return CURLE_OUT_OF_MEMORY;
    }
    const CURLMsg *message = curl_multi_info_read (self->multi, &left);
    return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_OUT_OF_MEMORY;
}

//  What a transfer that ended by itself has brought.
static code_t
judge_status (const transfer_t *self)
{
    const long status = status_of (self);
    web_answer_t *answer = self->answer;
    answer->unchanged = status == 304 && *self->get->tag;
    if (status == 200 || status == 206 || answer->unchanged)
        return OK;
    if (status == 416)
        return fail (answer, VALIDATION, "the server has no such part of it");
    return fail (answer, status == 404 || status == 410 ? PACKAGE_NOT_FOUND : NETWORK,
                 "the server answers with status %ld", status);
}

static code_t
judge (transfer_t *self, CURLcode result)
{
    web_answer_t *answer = self->answer;
    answer->size_bytes = self->done_bytes;
    choose_tag (self);
    if (result == CURLE_OK)
        return judge_status (self);
    if (result == CURLE_ABORTED_BY_CALLBACK)
        return fail (answer, CANCELLED, "cancelled");
    if (self->too_large || result == CURLE_FILESIZE_EXCEEDED)
        return fail (answer, VALIDATION, "it is larger than %" PRIu64 " bytes",
                     self->get->bytes_max);
    if (self->error)
        return fail (answer,
                     self->error == ENOSPC || self->error == EDQUOT ? INSUFFICIENT_DISK_SPACE
                                                                    : STORAGE,
                     "%s", strerror (self->error));
    if (result == CURLE_RANGE_ERROR || result == CURLE_BAD_DOWNLOAD_RESUME)
        return fail (answer, VALIDATION, "the server does not send parts");
    if (result == CURLE_UNSUPPORTED_PROTOCOL || result == CURLE_URL_MALFORMAT)
        return fail (answer, VALIDATION, "it is no URL of http or https");
    return fail (answer, NETWORK, "%s", curl_easy_strerror (result));
}

static code_t
transfer (transfer_t *self)
{
    if (!self->easy || !self->multi || !set_what (self) || !set_bounds (self)
        || curl_multi_add_handle (self->multi, self->easy) != CURLM_OK)
        return fail (self->answer, BUSY, "out of memory");
    const code_t code = judge (self, run (self));
    curl_multi_remove_handle (self->multi, self->easy);
    return code;
}

code_t
web_get (const web_get_t *get, web_answer_t *answer)
{
    *answer = (web_answer_t) {0};
    if (strlen (get->url) > WEB_URL_MAX)
        return fail (answer, VALIDATION, "the URL is longer than %d bytes", WEB_URL_MAX);
    if (get->begin_bytes > get->bytes_max)
        return fail (answer, VALIDATION, "more of it is here than it may have");
    code_t code = curl_dl_load (answer->why, sizeof answer->why);
    if (code != OK)
        return code;
    pthread_once (&once, begin_library);
    transfer_t self = {.get = get,
                       .answer = answer,
                       .easy = curl_easy_init (),
                       .multi = curl_multi_init (),
                       .done_bytes = get->begin_bytes};
    code = transfer (&self);
    if (self.easy)
        curl_easy_cleanup (self.easy);
    if (self.multi)
        curl_multi_cleanup (self.multi);
    curl_slist_free_all (self.headers);
    return code;
}
