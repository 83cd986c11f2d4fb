// The headers of the upgrade, one after the other.
#include "serve/sessions/upgrade.h"

#include <openssl/evp.h>
#include <strings.h>

#define PROTOCOL "plain.kubevirt.io"
/* RFC 6455, 1.3. */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum { KEY_BYTES = 16, DIGEST_BYTES = 20, ACCEPT_SIZE = 29, LIST_SIZE = 1024 };

/* Among words with commas between them. */
static bool
lists(const char *list, const char *word, int (*compare)(const char *a, const char *b))
{
    char copy[LIST_SIZE];
    char *save = NULL;

    if (!list || snprintf(copy, sizeof(copy), "%s", list) >= (int)sizeof(copy)) {
        return false;
    }
    for (char *p = strtok_r(copy, ", \t", &save); p; p = strtok_r(NULL, ", \t", &save)) {
        if (compare(p, word) == 0) {
            return true;
        }
    }
    return false;
}

/* Base64 of 16 bytes: 22 signs and two '='. */
static bool
is_key(const char *key)
{
    static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { SIGNS = 22 };

    return key && strlen(key) == UPGRADE_KEY_SIZE - 1 && strspn(key, signs) == SIGNS && str_eq(key + SIGNS, "==");
}

static void
answer_key(const char *key, char ret_accept[ACCEPT_SIZE])
{
    char text[UPGRADE_KEY_SIZE + sizeof(GUID)];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    snprintf(text, sizeof(text), "%s%s", key, GUID);
    BUG_ON(EVP_Digest(text, strlen(text), digest, &n, EVP_sha1(), NULL) != 1 || n != DIGEST_BYTES);
    BUG_ON(EVP_EncodeBlock((unsigned char *)ret_accept, digest, DIGEST_BYTES) != ACCEPT_SIZE - 1);
}

const char *
upgrade_accept(const struct upgrade_ask *ask, char ret_reply[UPGRADE_REPLY_SIZE])
{
    char accept[ACCEPT_SIZE];

    if (!lists(ask->upgrade, "websocket", strcasecmp) || !lists(ask->connection, "upgrade", strcasecmp)) {
        return "this is a stream: ask for it as a WebSocket (Connection: Upgrade, Upgrade: websocket)";
    }
    if (!str_eq(ask->version, "13")) {
        return "Sec-WebSocket-Version: it has to be 13";
    }
    if (!is_key(ask->key)) {
        return "Sec-WebSocket-Key: it has to be 16 bytes in base64";
    }
    bool is_plain = lists(ask->protocols, PROTOCOL, strcmp);
    if (!str_empty(ask->protocols) && !is_plain) {
        return "Sec-WebSocket-Protocol: it has to be " PROTOCOL ", or absent";
    }
    answer_key(ask->key, accept);
    snprintf(ret_reply, UPGRADE_REPLY_SIZE,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n%s\r\n",
             accept, is_plain ? "Sec-WebSocket-Protocol: " PROTOCOL "\r\n" : "");
    return NULL;
}
