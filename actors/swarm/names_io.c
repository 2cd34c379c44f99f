// SPDX-License-Identifier: MIT
#include "actors/swarm/names_io.h"

#include "actors/swarm/names.h"
#include "names.pb-c.h"
#include "runtime/actor/out.h"
#include "runtime/host/clock.h"
#include "runtime/host/job.h"
#include "runtime/host/socket_address.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

typedef struct task {
    struct task *next;
    ticket_t ticket;
    multiaddr_t address;
    uint64_t ends_us;
    multiaddr_t answers[NAMES_ANSWERS_MAX];
    size_t count;
    code_t code;
} task_t;

typedef struct {
    out_t *out;
    jobs_t *jobs;
    task_t *tasks;                  //  whose jobs have not come back
} resolving_t;

//  ---- on a worker ---------------------------------------------------------------------------------

//  The resolver of this thread, with the servers of now, and without patience.
static bool
prepare (const job_t *job)
{
    const task_t *task = job_arg (job);
    if (job_cancelled (job) || clock_us () >= task->ends_us || res_init () != 0)
        return false;
    if (_res.retrans > NAMES_TRY_SECS)
        _res.retrans = NAMES_TRY_SECS;
    _res.retry = _res.nscount > 1 ? 1 : 2;
    return true;
}

static bool
take_ip (const struct addrinfo *from, multiaddr_t *ip)
{
    struct sockaddr_storage at = {.ss_family = AF_UNSPEC};
    if (from->ai_family != AF_INET && from->ai_family != AF_INET6)
        return false;
    memcpy (&at, from->ai_addr, from->ai_addrlen < sizeof at ? from->ai_addrlen : sizeof at);
    socket_address_read (&at, ip);
    ip->port = 0;
    return true;
}

static size_t
look_up_ips (void *job, const char *host, names_family_t family, multiaddr_t *ips, size_t max)
{
    static const int families[] = {AF_UNSPEC, AF_INET, AF_INET6};
    const struct addrinfo hints = {.ai_family = families[family], .ai_socktype = SOCK_STREAM};
    struct addrinfo *all = NULL;
    size_t count = 0;
    if (!prepare (job) || getaddrinfo (host, NULL, &hints, &all) != 0)
        return 0;
    for (const struct addrinfo *one = all; one && count < max; one = one->ai_next)
        count += take_ip (one, &ips[count]);
    freeaddrinfo (all);
    return count;
}

//  An answer that was cut short counts as far as it goes: TCP has no bound of time.
static size_t
look_up_texts (void *job, const char *name, uint8_t *message, size_t size)
{
    if (!prepare (job))
        return 0;
    _res.options |= RES_IGNTC | RES_USE_EDNS0;
    int got = res_query (name, ns_c_in, ns_t_txt, message, (int) size);
    return got <= 0 ? 0 : (size_t) got < size ? (size_t) got : size;
}

static void
work (job_t *job, void *arg)
{
    task_t *task = arg;
    const names_source_t source = {job, look_up_ips, look_up_texts};
    task->code = names_resolve (&source, &task->address, task->answers, &task->count);
}

//  ---- the actor -------------------------------------------------------------------------------------

static void
drop (resolving_t *self, task_t *task)
{
    task_t **at = &self->tasks;
    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
    free (task);
}

static code_t
on_resolve (void *self_, const delivery_t *at, const ProtobufCMessage *message)
{
    resolving_t *self = self_;
    const Ggen__ResolveRequest *request = (const void *) message;
    task_t *task = at->ticket ? calloc (1, sizeof *task) : NULL;
    if (!task)
        return BUSY;
    task->next = self->tasks;
    self->tasks = task;
    task->ticket = at->ticket;
    task->ends_us = clock_us () + NAMES_ALL_MS * UINT64_C (1000);
    code_t code =
        multiaddr_decode (&task->address, (bytes_t) {request->address.data, request->address.len});
    if (code == OK)
        code = jobs_start_beside (self->jobs, at->ticket, work, task);
    if (code != OK)
        drop (self, task);
    return code;
}

static code_t
on_done (void *self_, void *job, int64_t now_ms)
{
    resolving_t *self = self_;
    task_t *task = job_arg (job);
    uint8_t bytes[NAMES_ANSWERS_MAX][MULTIADDR_SIZE_MAX];
    ProtobufCBinaryData list[NAMES_ANSWERS_MAX];
    Ggen__ResolveReply reply = GGEN__RESOLVE_REPLY__INIT;
    (void) now_ms;
    for (size_t i = 0; i < task->count; i++)
        list[i] = (ProtobufCBinaryData) {multiaddr_encode (&task->answers[i], bytes[i]), bytes[i]};
    reply.addresses = list;
    reply.n_addresses = task->count;
    if (task->code == OK)
        out_answer (self->out, task->ticket, &reply.base);
    else
        out_refuse (self->out, task->ticket, task->code, "", "its name leads nowhere");
    drop (self, task);
    return OK;
}

static bool
on_cancelled (void *self_, ticket_t ticket)
{
    jobs_cancel (((resolving_t *) self_)->jobs, ticket);
    return false;
}

static void *
names_create (const actor_env_t *env)
{
    resolving_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->out = env->out;
    self->jobs = env->host;
    return self;
}

static void
names_destroy (void *self_)
{
    resolving_t *self = self_;
    while (self->tasks)
        drop (self, self->tasks);
    free (self);
}

static const handler_t rows[] = {
    {&ggen__resolve_request__descriptor, on_resolve, THIS_NODE},
    {0},
};

const actor_class_t names_actor = {
    .name = "names",
    .create = names_create,
    .destroy = names_destroy,
    .rows = rows,
    .cancelled = on_cancelled,
    .job_done = on_done,
};
