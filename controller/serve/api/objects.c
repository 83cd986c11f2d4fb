// Two GETs.
#include "serve/api/objects.h"

const char *
objects_path(struct job *j, const char *resource, const char *sub)
{
    return arena_printf(j->arena, "/apis/kubevirt.io/v1/namespaces/%s/%s/%s%s%s", j->route.namespace, resource,
                        j->route.name, sub ? "/" : "", sub ? sub : "");
}

static void
read_one(struct job *j, const char *resource, void (*next)(struct job *j), kube_done_fn *answered)
{
    const struct kube_call call = {.verb = KUBE_GET, .path = objects_path(j, resource, NULL), .resource = resource};

    j->next_step = next;
    job_send(j, &call, answered);
}

static const json_t *
keep(struct job *j, const struct kube_reply *reply)
{
    return json_in_arena(j->arena, json_incref((json_t *)(uintptr_t)reply->body)); /* nothing in it is changed */
}

static void
on_vm(void *arg, const struct kube_reply *reply)
{
    struct job *j = arg;

    if (reply->err) {
        job_refuse_reply(j, reply);
        return;
    }
    j->vm = keep(j, reply);
    j->next_step(j);
}

static void
on_vmi(void *arg, const struct kube_reply *reply)
{
    struct job *j = arg;

    if (reply->err && reply->status != 404) {
        job_refuse_reply(j, reply);
        return;
    }
    j->vmi = reply->err ? NULL : keep(j, reply);
    j->next_step(j);
}

static void
on_needed_vmi(void *arg, const struct kube_reply *reply)
{
    struct job *j = arg;

    if (reply->err) {
        job_refuse_reply(j, reply);
        return;
    }
    on_vmi(j, reply);
}

void
objects_read_vm(struct job *j, void (*next)(struct job *j))
{
    read_one(j, "virtualmachines", next, on_vm);
}

void
objects_read_vmi(struct job *j, void (*next)(struct job *j))
{
    read_one(j, "virtualmachineinstances", next, on_vmi);
}

void
objects_need_vmi(struct job *j, void (*next)(struct job *j))
{
    read_one(j, "virtualmachineinstances", next, on_needed_vmi);
}
