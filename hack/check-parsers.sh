#!/usr/bin/env bash
# Whoever reads bytes from outside has a fuzz target: calls of parsing functions against hack/parsers.txt and test/fuzz/meson.build.
. "$(dirname "${BASH_SOURCE[0]}")/check-lib.sh"

usage() {
    cat <<'HELP'
usage: hack/check-parsers.sh [--root DIR]

Finds calls of functions that parse text or bytes (JSON, YAML, numbers, times, certificates, base64, signatures, files ...)
in controller/ and virt-launcher/ and holds them against hack/parsers.txt. Fails when

  a file calls one that none of its rows names; the message is the row to write
  a row names a fuzz target that test/fuzz/meson.build has not, a function that the file has not, or a call that is gone
  a row without a target gives no reason
  a fuzz target is on no row

A row of hack/parsers.txt: FILE:FUNCTION TARGET[,TARGET...] CALL[,CALL...] WHO WRITES WHAT IT READS; without a target (-) the
reason stands at its end, without calls (-) it does more by itself than it calls.
HELP
}

# What parses. Our own readers are among them: who calls one hands on what somebody else wrote.
PARSING='json_parse|json_part|json_load[a-z]*|launcher_msg_parse|yaml_parse|yaml_parser_parse|yajl_parse|strto(d|f|ld|l|ll|ul|ull|imax|umax)'
PARSING+='|v?sscanf|fscanf|strptime|strtok_r|regexec|getopt_long|cjose_[a-z]+_(import|import_json|get_[a-z]+|verify)|PEM_read[A-Za-z0-9_]*'
PARSING+='|d2i_[A-Za-z0-9_]+|ASN1_TIME_to_tm|EVP_Decode[A-Za-z]+|[a-z0-9_]*base64_[a-z]+|xml(Read|Parse|TextReader)[A-Za-z]*'
PARSING+='|virXML[A-Za-z]+|virDomain(GetXMLDesc|QemuAgentCommand|GetGuestInfo)|LZ4_decompress[A-Za-z_]*|clock_parse|quantity_parse'
PARSING+='|inet_pton|uv_ip[46]_addr|fopen|fread|fgets|getline|file_read|kube_config_parse|curl_url_set|lws_hdr_copy[a-z_]*|archive_read[a-z_]*|nghttp2_session_mem_recv|http_parser_execute|wslay_frame_recv|[a-z0-9_]+__unpack'

# calls: "FILE NAME", each once.
calls() {
    local file
    for file in "${c_files[@]}"; do
        gcc -fpreprocessed -dD -E -x c "$file" 2>/dev/null | sed 's/"[^"]*"//g' | grep -v '^#' |
            grep -oE "(^|[^A-Za-z0-9_.>])($PARSING)[[:space:]]*\(" | sed -E "s|^[^A-Za-z0-9_]?|$file |; s|[[:space:]]*\($||" || true
    done | sort -u
}

# rows: "FILE FUNCTION TARGET CALLS REASON...", without comments.
rows() { sed -nE 's/^([^#:[:space:]]+):([A-Za-z0-9_]+)[[:space:]]+([^[:space:]]+)[[:space:]]+([^[:space:]]+)[[:space:]]*(.*)/\1 \2 \3 \4 \5/p' "$list"; }

# odd_lines: what is neither a row nor a comment.
odd_lines() { grep -nvE '^(#.*|[^#:[:space:]]+:[A-Za-z0-9_]+[[:space:]]+(-|[a-z0-9_,]+)[[:space:]]+(-|[A-Za-z0-9_,]+)([[:space:]].*)?)?$' "$list" | sed "s|^\([0-9]*\):.*|$list:\1: no row|" || true; }

row_findings() {
    local file function target names reason name
    while read -r file function target names reason; do
        if [ ! -f "$file" ] || ! grep -qE "^([a-z].* \**)?$function\(" "$file"; then
            printf '%s: %s:%s: there is no such function\n' "$list" "$file" "$function"
            continue
        fi
        if [ "$target" = - ]; then
            [ -n "$reason" ] || printf '%s: %s:%s: no fuzz target, and no reason\n' "$list" "$file" "$function"
        else
            for name in ${target//,/ }; do
                grep -qxF "$name" <<<"$targets" || printf '%s: %s:%s: there is no fuzz target %s\n' "$list" "$file" "$function" "$name"
            done
        fi
        [ "$names" != - ] || continue
        for name in ${names//,/ }; do
            grep -qxF "$file $name" <<<"$called" || printf '%s: %s:%s: %s is not called in that file\n' "$list" "$file" "$function" "$name"
        done
    done < <(rows)
}

call_findings() {
    comm -23 <(printf '%s\n' "$called" | grep . || true) \
        <(rows | while read -r file _ _ names _; do printf "$file %s\n" ${names//,/ }; done | sort -u) |
        while read -r file name; do
            printf '%s: calls %s: add "%s:FUNCTION TARGET %s WHO" to %s\n' "$file" "$name" "$file" "$name" "$list"
        done
}

target_findings() {
    comm -23 <(sort -u <<<"$targets") <(rows | cut -d' ' -f3 | tr , '\n' | sort -u) | grep . | sed "s|.*|$list: fuzz target & is on no row|" || true
}

check_options "$@"
list=hack/parsers.txt
[ -f "$list" ] || die "check-parsers: there is no $list"
mapfile -t c_files < <(tree_files 'controller/*.c' 'virt-launcher/*.c')
targets=$(sed -nE "s/^  \['([a-z0-9_]+)'.*/\1/p" test/fuzz/meson.build)
called=$(calls)
{
    odd_lines
    row_findings
    call_findings
    target_findings
} | conclude parsers
