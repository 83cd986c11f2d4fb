# Go for the builds under hack/cluster. Source it after hack/lib.sh.
# shellcheck shell=bash disable=SC2034 # names for those that source it

# What Kubernetes and containerd ask for in their go.mod files; fetched as a module where the machine has an older one.
GO_VERSION=1.26.8

# go_release GO: its release as one number, for example 126 for go1.26.8; nothing when GO does not run.
go_release() {
    local v
    v=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 0
    sed -nE 's/^go([0-9]+)\.([0-9]+).*/\1 \2/p' <<<"$v" | { read -r a b && printf '%d\n' $((a * 100 + b)); }
}

# go_candidates: every go command there is, the one on PATH first.
go_candidates() {
    type -P go || true
    ls -1 /usr/local/go/bin/go /usr/lib/go-*/bin/go 2>/dev/null || true
}

# go_fetch GO: the path of the go command of GO_VERSION, which any Go since 1.11 can download and verify as a module.
# The module cache keeps files without their execute bit, so that the programs get it here.
go_fetch() {
    local module dir arch
    arch=$(GOTOOLCHAIN=local "$1" env GOARCH)
    module=golang.org/toolchain@v0.0.1-go$GO_VERSION.linux-$arch
    dir=$(cd / && GOTOOLCHAIN=local GOFLAGS=-modcacherw "$1" mod download -json "$module" |
        sed -nE 's/^[[:space:]]*"Dir": "(.*)",?$/\1/p')
    [ -d "$dir" ] || die "go: $module could not be downloaded; check that GOPROXY ($("$1" env GOPROXY)) is reachable"
    chmod u+w "$dir" && chmod -R u+x "$dir/bin" "$dir/pkg/tool"
    printf '%s/bin/go\n' "$dir"
}

# go_install: Debian's own go, from the package registry.
go_install() {
    [ "$(id -u)" = 0 ] || die "go: there is none on this machine; install Go (any release) or run this as root"
    say "go: none on this machine, installing Debian's golang-go"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends golang-go >&2 ||
        { apt-get update -q >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends golang-go >&2; }
}

# go_setup: puts a fit go first on PATH and lets it fetch newer toolchains itself. Since 1.21 go does that by its own;
# Debian 12's 1.19 does not, but can download the toolchain as a module.
go_setup() {
    local go best='' release
    [ -n "$(go_candidates)" ] || go_install
    for go in $(go_candidates); do
        release=$(go_release "$go")
        [ -n "$release" ] || continue
        best=${best:-$go}
        if [ "$release" -ge 121 ]; then
            PATH=$(dirname "$go"):$PATH
            export PATH GOTOOLCHAIN=auto
            return 0
        fi
    done
    [ -n "$best" ] || die "go: none of $(go_candidates | xargs) runs; reinstall Go"
    best=$(go_fetch "$best")
    PATH=$(dirname "$best"):$PATH
    export PATH GOTOOLCHAIN=auto
}
