// SPDX-License-Identifier: MIT
#include "http.h"
#include "metrics.h"
#include "package_id.h"
#include "semver.h"
#include "shape.h"
#include "status.h"
#include "package.pb-c.h"
#include "registry.pb-c.h"
#include "runtime/host/client.h"
#include "microhttpd_dl.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASK_MS          5000u
#define REPLIES_MAX     16
#define MEMORY_BYTES    (32u << 10)     //  of a connection
#define WHY_MAX         1024
#define PATH_BYTES_MAX  8192

struct http_t {
    struct MHD_Daemon *daemon;
    char *home, *registry;
    char url [NI_MAXHOST + 32];
};

//  ---- asking the node -----------------------------------------------------------------------------

//  The client of one request, and what it was answered.
typedef struct {
    client_t *client;
    ProtobufCMessage *replies [REPLIES_MAX];
    size_t replies_count;
} asker_t;

//  It attaches to a node or fails: there is none of its own.
static code_t
refuse_to_start (void *context, const home_t *home, bool daemon, void **node_p,
                 const char **endpoint_p, char *why, size_t why_size)
{
    (void) context;
    (void) home;
    (void) daemon;
    (void) endpoint_p;
    *node_p = NULL;
    snprintf (why, why_size, "the node does not run");
    return NODE_NOT_STARTED;
}

static void
stop_nothing (void *context, void **node_p)
{
    (void) context;
    *node_p = NULL;
}

static bool
asker_open (asker_t *self, const http_t *http)
{
    static const client_embed_t nothing = {refuse_to_start, stop_nothing, NULL, NULL};
    char why [WHY_MAX];
    const client_setup_t setup = {.home_dir = http->home,
                                  .need = HOME_READ,
                                  .program = "ggen http",
                                  .embed = &nothing,
                                  .quiet = true};
    *self = (asker_t) {0};
    return client_open (&self->client, &setup, why, sizeof why) == OK;
}

static void
asker_close (asker_t *self)
{
    for (size_t at = 0; at < self->replies_count; at++)
        protobuf_c_message_free_unpacked (self->replies [at], NULL);
    client_close (&self->client);
}

static const void *
ask (void *self_, const char *to, const ProtobufCMessage *request,
     const ProtobufCMessageDescriptor *expect)
{
    asker_t *self = self_;
    ProtobufCMessage *reply = NULL;
    Ggen__Failure *failure = NULL;
    const client_call_t call = {
        .to = to, .request = request, .expect = expect, .timeout_ms = ASK_MS};
    if (self->replies_count == REPLIES_MAX)
        return NULL;
    if (client_call (self->client, &call, &reply, &failure) != OK) {
        ggen__failure__free_unpacked (failure, NULL);
        return NULL;
    }
    return self->replies [self->replies_count++] = reply;
}

//  ---- answers -------------------------------------------------------------------------------------

typedef struct {
    unsigned status;
    const char *type;
    char *text;                 //  new; NULL: 'file'
    int file;                   //  -1: 'text'
    uint64_t file_size;
} answer_t;

static answer_t
answer_text (unsigned status, const char *type, const char *text)
{
    return (answer_t) {status, type, strdup (text), -1, 0};
}

static answer_t
not_found (void)
{
    return answer_text (404, "text/plain", "not found\n");
}

static answer_t
not_there (void)
{
    return answer_text (503, "text/plain", "the node does not answer\n");
}

//  Takes 'document'.
static answer_t
answer_json (json_t *document)
{
    char *text = document ? json_dumps (document, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    json_decref (document);
    return (answer_t) {text ? 200 : 503, "application/json", text, -1, 0};
}

//  A regular file, and no link to one. Who changes it replaces it, so what is open stays whole.
static answer_t
answer_file (const char *path, const char *type)
{
    struct stat info;
    const int file = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file >= 0 && fstat (file, &info) == 0 && S_ISREG (info.st_mode))
        return (answer_t) {200, type, NULL, file, (uint64_t) info.st_size};
    if (file >= 0)
        close (file);
    return not_found ();
}

//  ---- pages ---------------------------------------------------------------------------------------

static answer_t
get_root (const http_t *self)
{
    (void) self;
    static const char *const paths [] = {"/health", "/metrics", "/index.json", "/packages",
                                         "/packages/ID", "/packages/ID/VERSION/download"};
    json_t *document = json_object (), *list = json_array ();
    for (size_t at = 0; at < COUNT_OF (paths); at++)
        shape_append (&list, json_string (paths [at]));
    shape_set (&document, "program", json_string ("ggen"));
    shape_set (&document, "version", json_string (GGEN_VERSION));
    shape_set (&document, "paths", list);
    return answer_json (document);
}

static answer_t
get_health (const http_t *self)
{
    asker_t asker;
    Ggen__NodeStatusRequest request = GGEN__NODE_STATUS_REQUEST__INIT;
    const bool is_well =
        asker_open (&asker, self)
        && ask (&asker, "bus", &request.base, &ggen__node_status_reply__descriptor);
    asker_close (&asker);
    return is_well ? answer_text (200, "text/plain", "ok\n") : not_there ();
}

static answer_t
get_metrics (const http_t *self)
{
    asker_t asker;
    status_t status;
    metric_t metrics [METRICS_MAX];
    answer_t answer = {503, "text/plain; version=0.0.4", NULL, -1, 0};
    size_t size = 0;
    FILE *out = NULL;
    if (asker_open (&asker, self) && status_ask (&status, ask, &asker)
        && (out = open_memstream (&answer.text, &size)) != NULL) {
        metrics_print (out, metrics, metrics_of (&status, metrics));
        answer.status = fclose (out) == 0 ? 200 : 503;
    }
    asker_close (&asker);
    return answer.text ? answer : not_there ();
}

static answer_t
get_packages (const http_t *self)
{
    asker_t asker;
    Ggen__SearchRequest request = GGEN__SEARCH_REQUEST__INIT;
    request.query = "";
    request.limit = HTTP_PACKAGES_MAX;
    request.sort = GGEN__SORT_ORDER__BY_NAME;
    const Ggen__SearchReply *reply =
        asker_open (&asker, self)
            ? ask (&asker, "registry_file", &request.base, &ggen__search_reply__descriptor)
            : NULL;
    json_t *document = NULL, *results = json_array ();
    for (size_t at = 0; reply && at < reply->n_results; at++)
        shape_append (&results, shape_package (reply->results [at]));
    if (reply) {
        document = json_object ();
        shape_set (&document, "results", results);
        shape_set (&document, "total", json_integer (reply->total));
    }
    else
        json_decref (results);
    asker_close (&asker);
    return document ? answer_json (document) : not_there ();
}

static answer_t
get_package (const http_t *self, const char *id)
{
    asker_t asker;
    Ggen__ListVersionsRequest request = GGEN__LIST_VERSIONS_REQUEST__INIT;
    request.id = (char *) (uintptr_t) id;
    const Ggen__ListVersionsReply *reply =
        asker_open (&asker, self)
            ? ask (&asker, "registry_file", &request.base, &ggen__list_versions_reply__descriptor)
            : NULL;
    const size_t count = reply ? reply->n_versions : 0;
    json_t *document = json_object (), *versions = json_array ();
    for (size_t at = 0; at < count; at++)
        shape_append (&versions, shape_package (reply->versions [at]));
    shape_set (&document, "id", shape_text (id));
    shape_set (&document, "versions", versions);
    const bool is_there = reply != NULL;
    asker_close (&asker);
    if (count > 0)
        return answer_json (document);
    json_decref (document);
    return is_there ? not_found () : not_there ();
}

//  ID and VERSION have passed their checks: neither leads out of the registry. What the registry itself
//  keeps there begins with '.'.
static answer_t
get_archive (const http_t *self, const char *id, const char *version)
{
    char flat [PACKAGE_ID_MAX + 1], path [PATH_BYTES_MAX];
    static const struct { const char *end, *type; } kinds [] = {
        {"tar.gz", "application/gzip"}, {"tar.zst", "application/zstd"}};
    package_id_flat (id, flat);
    for (size_t at = 0; at < COUNT_OF (kinds); at++) {
        const int size = snprintf (path, sizeof path, "%s/%s/%s/%s-%s.%s", self->registry, id,
                                   version, flat, version, kinds [at].end);
        if (size < 0 || (size_t) size >= sizeof path)
            break;
        answer_t answer = answer_file (path, kinds [at].type);
        if (answer.file >= 0)
            return answer;
        free (answer.text);
    }
    return not_found ();
}

static answer_t
get_index (const http_t *self)
{
    char path [PATH_BYTES_MAX];
    const int size = snprintf (path, sizeof path, "%s/index.json", self->registry);
    return size > 0 && (size_t) size < sizeof path ? answer_file (path, "application/json")
                                                   : not_found ();
}

//  ---- paths ---------------------------------------------------------------------------------------

static bool
is_id (const char *id)
{
    return package_id_valid (id) && id [0] != '.';
}

static bool
is_version (const char *text)
{
    semver_t version;
    return semver_parse (&version, text) == OK && !strchr (text, '/');
}

//  Cut "ID/VERSION" in two. Returns false, and leaves it alone, when it is none.
static bool
cut (char *path, char **version_p)
{
    char *slash = strrchr (path, '/');
    if (!slash)
        return false;
    *slash = 0;
    *version_p = slash + 1;
    if (is_id (path) && is_version (*version_p))
        return true;
    *slash = '/';
    return false;
}

//  "ID/VERSION/download", or "ID".
static answer_t
get_below_packages (const http_t *self, char *path)
{
    static const char end [] = "/download";
    char *version, *at = strlen (path) > strlen (end) ? path + strlen (path) - strlen (end) : path;
    if (strcmp (at, end) == 0) {
        *at = 0;
        if (cut (path, &version))
            return get_archive (self, path, version);
        *at = '/';
    }
    return is_id (path) ? get_package (self, path) : not_found ();
}

//  "ID/VERSION/NAME-VERSION.tar.gz", as index.json has it.
static answer_t
get_indexed (const http_t *self, char *path)
{
    char expected [HTTP_URL_MAX], flat [PACKAGE_ID_MAX + 1];
    char *name = strrchr (path, '/'), *version;
    if (!name)
        return not_found ();
    *name++ = 0;
    if (!cut (path, &version))
        return not_found ();
    package_id_flat (path, flat);
    snprintf (expected, sizeof expected, "%s-%s.tar.", flat, version);
    return strncmp (name, expected, strlen (expected)) == 0 ? get_archive (self, path, version)
                                                            : not_found ();
}

//  'path' is decoded, and may be changed.
static answer_t
get (const http_t *self, char *path)
{
    static const struct {
        const char *path;
        answer_t (*get) (const http_t *self);
    } pages [] = {{"/", get_root}, {"/health", get_health}, {"/metrics", get_metrics},
                  {"/index.json", get_index}, {"/packages", get_packages}};
    static const char packages [] = "/packages/";
    for (size_t at = 0; at < COUNT_OF (pages); at++)
        if (strcmp (path, pages [at].path) == 0)
            return pages [at].get (self);
    return strncmp (path, packages, strlen (packages)) == 0
               ? get_below_packages (self, path + strlen (packages))
               : get_indexed (self, path + 1);
}

//  ---- libmicrohttpd -------------------------------------------------------------------------------

static enum MHD_Result
send_answer (struct MHD_Connection *connection, answer_t *answer)
{
    struct MHD_Response *response =
        answer->file >= 0
            ? MHD_create_response_from_fd (answer->file_size, answer->file)
            : MHD_create_response_from_buffer (answer->text ? strlen (answer->text) : 0,
                                               answer->text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        if (answer->file >= 0)
            close (answer->file);
        free (answer->text);
        return MHD_NO;
    }
    MHD_add_response_header (response, "Content-Type", answer->type);
    MHD_add_response_header (response, "X-Content-Type-Options", "nosniff");
    const enum MHD_Result result = MHD_queue_response (connection, answer->status, response);
    MHD_destroy_response (response);
    return result;
}

//  Called with the headers first, and again at the end of the request, whose body is passed over.
static enum MHD_Result
on_request (void *self, struct MHD_Connection *connection, const char *url, const char *method,
            const char *version, const char *body, size_t *body_size, void **seen)
{
    static char once;
    char path [HTTP_URL_MAX];
    answer_t answer;
    (void) version;
    (void) body;
    if (!*seen || *body_size > 0) {
        *seen = &once;
        *body_size = 0;
        return MHD_YES;
    }
    if (strcmp (method, "GET") != 0 && strcmp (method, "HEAD") != 0)
        answer = answer_text (405, "text/plain", "only GET and HEAD\n");
    else if (*url != '/' || strlen (url) >= sizeof path)
        answer = not_found ();
    else
        answer = get (self, strcpy (path, url));
    return send_answer (connection, &answer);
}

//  "HOST:PORT" to an address. NULL: there is none; freeaddrinfo.
static struct addrinfo *
resolve (const char *endpoint, char *why, size_t why_size)
{
    char host [NI_MAXHOST];
    const char *colon = strrchr (endpoint, ':');
    const bool is_bracketed = endpoint [0] == '[' && colon > endpoint && colon [-1] == ']';
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const int size = (int) (colon - endpoint) - (is_bracketed ? 2 : 0);
    snprintf (host, sizeof host, "%.*s", size, endpoint + is_bracketed);
    const int problem = getaddrinfo (*host ? host : NULL, colon + 1, &hints, &found);
    if (problem == 0)
        return found;
    snprintf (why, why_size, "http.listen: %.200s: %s", endpoint, gai_strerror (problem));
    return NULL;
}

static void
name_url (http_t *self)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host [NI_MAXHOST] = "", port [8] = "";
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info (self->daemon, MHD_DAEMON_INFO_LISTEN_FD);
    if (info && getsockname (info->listen_fd, (struct sockaddr *) &address, &size) == 0)
        (void) !getnameinfo ((struct sockaddr *) &address, size, host, sizeof host, port,
                             sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf (self->url, sizeof self->url, strchr (host, ':') ? "http://[%s]:%s" : "http://%s:%s",
              host, port);
}

//  Signals are for the main thread.
static struct MHD_Daemon *
start_daemon (http_t *self, const struct addrinfo *address)
{
    sigset_t all, old;
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD;
    if (address->ai_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &old);
    struct MHD_Daemon *daemon = MHD_start_daemon (
        flags, 0, NULL, NULL, on_request, self, MHD_OPTION_SOCK_ADDR, address->ai_addr,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned) HTTP_CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_SECS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t) MEMORY_BYTES, MHD_OPTION_END);
    pthread_sigmask (SIG_SETMASK, &old, NULL);
    return daemon;
}

static code_t
listen_on (http_t *self, const char *endpoint, char *why, size_t why_size)
{
    if (microhttpd_dl_load (why, why_size) != OK)
        return FEATURE_NOT_ENABLED;
    struct addrinfo *address = resolve (endpoint, why, why_size);
    if (!address)
        return NETWORK;
    errno = 0;
    self->daemon = start_daemon (self, address);
    freeaddrinfo (address);
    if (self->daemon) {
        name_url (self);
        return OK;
    }
    snprintf (why, why_size, "http.listen: cannot listen on %.200s: %s", endpoint,
              errno ? strerror (errno) : "libmicrohttpd refused");
    return NETWORK;
}

code_t
http_start (http_t **self_p, const char *endpoint, const char *home, const char *registry,
            char *why, size_t why_size)
{
    http_t *self = *self_p = calloc (1, sizeof *self);
    snprintf (why, why_size, "out of memory");
    code_t code = INTERNAL;
    if (self && (self->home = strdup (home)) && (self->registry = strdup (registry)))
        code = listen_on (self, endpoint, why, why_size);
    if (code != OK)
        http_stop (self_p);
    return code;
}

const char *
http_url (const http_t *self)
{
    return self->url;
}

void
http_stop (http_t **self_p)
{
    http_t *self = *self_p;
    if (!self)
        return;
    if (self->daemon)
        MHD_stop_daemon (self->daemon);
    free (self->home);
    free (self->registry);
    free (self);
    *self_p = NULL;
}
