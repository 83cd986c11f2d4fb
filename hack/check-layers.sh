#!/usr/bin/env bash
# Who may include whom: the law of docs/architecture.md, over the #include lines.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: hack/check-layers.sh [--root DIR]

Holds each #include of controller/ and virt-launcher/ against the law of docs/architecture.md: a folder is a stage,
includes point only to the left, outside libraries enter in few places. Prints file:line for each breach.
To change the law, change the table in this script and the page together.
HELP
}

# One row a rule; the first whose path (a regular expression) fits a file is its rule.
#   path | folders of ours that it may include | libraries beside libc
# A folder brings those in it; a single header is allowed by its whole name.
law() {
    cat <<'LAW'
controller/base/mailbox\.[ch]            | base                                               | uv
controller/base/json_(read|write)\.c     | base                                               | jansson yajl
controller/base/(json|yaml|log)\.[ch]    | base                                               | jansson yaml
controller/base/                         | base                                               | uthash jansson
controller/api/gen/                      | base api                                           | jansson yaml
controller/api/walk/                     | base api/walk                                      | jansson uthash
controller/api/kinds/                    | base api/walk api/kinds                            | jansson uthash
controller/api/rules/identity\.c         | base api                                           | openssl
controller/api/rules/                    | base api                                           | jansson uthash
controller/kube/                         | base kube                                          | curl openssl uv jansson uthash
controller/cache/packed\.[ch]            | base cache                                         | lz4
controller/cache/                        | base api cache                                     | jansson uthash
controller/reconcile/([a-z]+/)?[a-z_]+_(view|claim)\.[ch] | base api reconcile cache/store.h                   | jansson uthash
controller/reconcile/[a-z]+/[a-z_]+_(kind|config|pods)\.[ch] | base api reconcile cache                       | jansson uthash
controller/reconcile/(kinds|sources|plan|fingerprint)\.[ch] | base api reconcile cache                        | jansson uthash
controller/reconcile/                    | base api reconcile                                 | jansson uthash
controller/effect/                       | base api kube cache reconcile effect               | uv jansson uthash
controller/serve/http/                   | base serve/http                                    | libwebsockets openssl uv jansson uthash
controller/serve/trust/                  | base api kube serve/trust                          | openssl cjose uv jansson uthash
controller/serve/gateway/                | base api kube cache serve                          | uv jansson uthash
controller/serve/sessions/caller\.c       | base serve/sessions                                | openssl uv uthash wslay
controller/serve/sessions/               | base api kube cache serve                          | openssl uv uthash
controller/serve/api/http_reader\.c       | base serve/api                                          | http_parser
controller/serve/api/                    | base api kube cache reconcile serve                | openssl uv jansson uthash
controller/node/messages\.c               | base                                               | protobuf-c
controller/node/grpc_(server|client)\.c   | base                                               | nghttp2 uthash
controller/node/(listener|grpc)\.[ch]     | base                                               | uv uthash
controller/node/                         | base                                               | uv
controller/[a-z_]+\.[ch]                  | base api kube cache reconcile effect serve         | uv jansson uthash
virt-launcher/passt/                     |                                                    |
virt-launcher/monitor[a-z_]*\.[ch]       |                                                    |
virt-launcher/domain/                    | base api domain                                    | jansson uthash
virt-launcher/observe/                   | base api domain observe                            | libvirt libxml2 uv jansson uthash
virt-launcher/effect/                    | base api domain observe effect                     | libvirt libarchive uv jansson uthash
virt-launcher/report/                    | base api domain observe report                     | libwebsockets openssl uv jansson uthash
virt-launcher/streams/                   | base api domain report streams                     | libwebsockets openssl uv uthash
virt-launcher/guest/                     | base api domain observe effect report streams guest | uv jansson uthash
virt-launcher/[a-z_]+\.[ch]              | base api domain observe effect report streams guest | libvirt uv jansson uthash
LAW
}

# What a header in angle brackets belongs to; anything else is libc's or the kernel's.
libraries() {
    cat <<'LIBRARIES'
curl/           curl
openssl/        openssl
libwebsockets   libwebsockets
lws             libwebsockets
cjose/          cjose
http_parser.h   http_parser
wslay           wslay
jansson.h       jansson
yajl/           yajl
yaml.h          yaml
uv.h            uv
uv/             uv
uthash.h        uthash
utlist.h        uthash
utarray.h       uthash
utstring.h      uthash
archive         libarchive
lz4             lz4
libvirt/        libvirt
libxml/         libxml2
check.h         check
seccomp.h       libseccomp
nghttp2/        nghttp2
protobuf-c/     protobuf-c
google/protobuf protobuf-c
LIBRARIES
}

check_options "$@"
mapfile -t files < <(tree_files 'controller/*.[ch]' 'virt-launcher/*.[ch]')
[ ${#files[@]} -gt 0 ] || die "check-layers: no C files under $ROOT"
LAW=$(law) LIBRARIES=$(libraries) awk '
    BEGIN {
        rules = split(ENVIRON["LAW"], line, "\n")
        for (i = 1; i <= rules; i++) {
            split(line[i] " ", part, / [|] /)
            path[i] = part[1]; ours[i] = " " part[2] " "; libs[i] = " " part[3] " "
            gsub(/ /, "", path[i])
        }
        known = split(ENVIRON["LIBRARIES"], line, "\n")
        for (i = 1; i <= known; i++) {
            split(line[i], part, " ")
            prefix[i] = part[1]; library[i] = part[2]
        }
    }
    FNR == 1 {
        rule = 0
        for (i = 1; i <= rules && !rule; i++) {
            if (match(FILENAME, "^" path[i])) {
                rule = i
            }
        }
        if (!rule) {
            print FILENAME ":1: stands in no folder that the law knows (hack/check-layers.sh, docs/architecture.md)"
        }
    }
    rule && /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
        header = $0
        sub(/^[^<"]*[<"]/, "", header)
        sub(/[>"].*$/, "", header)
        if ($0 ~ /include[ \t]*</) {
            for (i = 1; i <= known; i++) {
                if (index(header, prefix[i]) == 1 && !index(libs[rule], " " library[i] " ")) {
                    print FILENAME ":" FNR ": <" header "> brings " library[i] " in where it may not enter"
                }
            }
            next
        }
        if (header ~ /^\.\.?\// ) {
            print FILENAME ":" FNR ": \"" header "\": name a header by its folder, as in \"base/err.h\""
            next
        }
        if (header !~ /\//) {
            next # beside the file
        }
        allowed = 0
        n = split(ours[rule], place, " ")
        for (i = 1; i <= n; i++) {
            allowed = allowed || header == place[i] || index(header, place[i] "/") == 1
        }
        if (!allowed) {
            sub(/ +$/, "", ours[rule])
            print FILENAME ":" FNR ": \"" header "\" points to the right: this file may include only:" ours[rule]
        }
    }
' "${files[@]}" | sort -u | conclude layers
