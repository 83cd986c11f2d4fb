// One Secret, read or made. It is never written a second time: other names would be those of other pods.
#include "serve/trust/pod_key_keeper.h"

#include "base/clock.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

enum { AGAIN_MS = 1000, TEXT_LEN = 4 * ((POD_KEY_BYTES + 2) / 3), BODY_MAX = 4096 };

struct pod_key_keeper {
    struct log log;
    struct kube *kube;
    char *namespace;
    char *path;
    char *collection;
    pod_key_fn *done;
    void *arg;
    bool makes;
    uv_timer_t timer;
    struct kube_request *request;
    char *problem;
};

static void on_timer(uv_timer_t *t);
static void on_read(void *arg, const struct kube_reply *reply);
static void on_made(void *arg, const struct kube_reply *reply);

struct pod_key_keeper *
pod_key_keeper_new(uv_loop_t *loop, struct kube *kube, const char *namespace, pod_key_fn *done, void *arg)
{
    struct pod_key_keeper *k = XNEW(struct pod_key_keeper);

    k->log.part = "pod-key";
    k->kube = kube;
    k->namespace = xstrdup(namespace);
    k->collection = xasprintf("/api/v1/namespaces/%s/secrets", namespace);
    k->path = xasprintf("%s/%s", k->collection, POD_KEY_SECRET);
    k->done = done;
    k->arg = arg;
    BUG_ON(uv_timer_init(loop, &k->timer) != 0);
    k->timer.data = k;
    return k;
}

void
pod_key_keeper_read(struct pod_key_keeper *k, bool makes)
{
    const struct kube_call call = {.verb = KUBE_GET, .path = k->path, .resource = "secrets"};

    pod_key_keeper_cancel(k);
    k->makes = makes;
    k->request = kube_send(k->kube, &call, on_read, k);
}

void
pod_key_keeper_cancel(struct pod_key_keeper *k)
{
    BUG_ON(uv_timer_stop(&k->timer) != 0);
    if (k->request) {
        kube_cancel(k->request);
        k->request = NULL;
    }
}

const char *
pod_key_keeper_problem(const struct pod_key_keeper *k)
{
    return k->problem;
}

static void
on_closed(uv_handle_t *h)
{
    free(h->data);
}

void
pod_key_keeper_close(struct pod_key_keeper *k)
{
    if (!k) {
        return;
    }
    pod_key_keeper_cancel(k);
    free(k->namespace);
    free(k->path);
    free(k->collection);
    free(k->problem);
    uv_close((uv_handle_t *)&k->timer, on_closed);
}

struct err *
pod_key_from_secret(const json_t *secret, struct pod_key *ret_key)
{
    unsigned char bytes[POD_KEY_BYTES + 3];
    const char *text = json_str(json_object_get(secret, "data"), "key");
    const char *created = json_str(json_at(secret, "metadata", NULL), "creationTimestamp");
    struct pod_key key;

    if (!text || strlen(text) != TEXT_LEN ||
        EVP_DecodeBlock(bytes, (const unsigned char *)text, TEXT_LEN) < POD_KEY_BYTES) {
        return err_new(ERR_INVALID, "data.key is not %d bytes in base64", POD_KEY_BYTES);
    }
    if (!created || !clock_parse(created, &key.made_s)) {
        return err_new(ERR_INVALID, "no creationTimestamp");
    }
    memcpy(key.bytes, bytes, POD_KEY_BYTES);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    *ret_key = key;
    return NULL;
}

json_t *
pod_key_to_secret(const struct pod_key *key, const char *namespace)
{
    unsigned char text[TEXT_LEN + 1];

    (void)EVP_EncodeBlock(text, key->bytes, POD_KEY_BYTES);
    json_t *j = json_pack("{s:s, s:s, s:s, s:b, s:{s:s, s:s, s:{s:s}}, s:{s:s}}", "apiVersion", "v1", "kind", "Secret",
                          "type", "Opaque", "immutable", 1, "metadata", "name", POD_KEY_SECRET, "namespace", namespace,
                          "labels", "app.kubernetes.io/managed-by", "vmbridge", "data", "key", (const char *)text);
    BUG_ON(!j);
    OPENSSL_cleanse(text, sizeof(text));
    return j;
}

static void
failed(struct pod_key_keeper *k, const struct err *e)
{
    free(k->problem);
    k->problem = xasprintf("Secret %s/%s: %s", k->namespace, POD_KEY_SECRET, err_text(e));
    log_warn(&k->log, "the key of pod names cannot be had", F_ERR(e));
    BUG_ON(uv_timer_start(&k->timer, on_timer, AGAIN_MS, 0) != 0);
}

static void
on_timer(uv_timer_t *t)
{
    struct pod_key_keeper *k = t->data;

    pod_key_keeper_read(k, k->makes);
}

static void
use(struct pod_key_keeper *k, const json_t *secret)
{
    struct pod_key key;
    AUTO(err_freep) struct err *e = pod_key_from_secret(secret, &key);

    if (e) {
        failed(k, e);
        return;
    }
    free(k->problem);
    k->problem = NULL;
    k->done(k->arg, &key);
    OPENSSL_cleanse(&key, sizeof(key));
}

static void
make(struct pod_key_keeper *k)
{
    struct pod_key key = {0};

    BUG_ON(RAND_bytes(key.bytes, POD_KEY_BYTES) != 1);
    AUTO(json_freep) json_t *secret = pod_key_to_secret(&key, k->namespace);
    AUTO(strbuf_fini) struct strbuf body = STRBUF_INIT(BODY_MAX);
    OPENSSL_cleanse(&key, sizeof(key));
    BUG_ON(!json_write(secret, &body)); /* a few hundred bytes */
    const struct kube_call call = {
        .verb = KUBE_POST, .path = k->collection, .resource = "secrets", .body = strbuf_str(&body), .fenced = true};
    log_info(&k->log, "making the key of pod names");
    k->request = kube_send(k->kube, &call, on_made, k);
}

static void
on_read(void *arg, const struct kube_reply *reply)
{
    struct pod_key_keeper *k = arg;

    k->request = NULL;
    if (!reply->err) {
        use(k, reply->body);
    } else if (err_class(reply->err) != ERR_NOT_FOUND) {
        failed(k, reply->err);
    } else if (k->makes) {
        make(k);
    }
}

/* Whatever was answered, the next read tells what is there: the answer may be lost, another replica may have been first. */
static void
on_made(void *arg, const struct kube_reply *reply)
{
    struct pod_key_keeper *k = arg;

    k->request = NULL;
    if (reply->err && err_class(reply->err) != ERR_CONFLICT) {
        failed(k, reply->err);
        return;
    }
    pod_key_keeper_read(k, k->makes);
}
