# What hack/cluster/build builds: sets of parts, and each part's module, packages and flags. Source it after hack/lib.sh.
# shellcheck shell=bash disable=SC2034 # names for those that source it

. "$VMB_ROOT/hack/cluster/go.sh"

KUBERNETES_VERSION=$(sed -nE 's/^\tk8s.io\/kubernetes (v[0-9.]+)( .*)?$/\1/p' "$VMB_ROOT/hack/cluster/kubernetes/go.mod")
[[ $KUBERNETES_VERSION =~ ^v1\.[0-9]+\.[0-9]+$ ]] || die "hack/cluster/kubernetes/go.mod names no release of k8s.io/kubernetes"

# set_parts SET: the parts it is made of.
set_parts() {
    case $1 in
        api | control | kwok | crane) printf '%s\n' "$1" ;;
        node) printf '%s\n' kubelet runtime cni runc storage ;;
        all) printf '%s\n' api control kubelet runtime cni runc storage ;;
        *) die "build: there is no set '$1'; the sets are api control node kwok crane" ;;
    esac
}

# Without these, kubectl and the controllers introduce themselves as v0.0.0.
kubernetes_ldflags() {
    local package flags='-s -w' version=$KUBERNETES_VERSION minor
    minor=${version#v*.}
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
        flags+=" -X $package.gitTreeState=clean -X $package.gitCommit=vmbridge"
    done
    printf '%s -X k8s.io/component-base/version.buildDate=1970-01-01T00:00:00Z\n' "$flags"
}

commands() { local base=$1; shift; printf "$base/%s " "$@"; }

# part_recipe PART: sets part_module, part_packages, part_flags, part_ldflags, part_cgo.
part_recipe() {
    local plugins=github.com/containernetworking/plugins/plugins
    part_module=node part_packages='' part_flags='' part_ldflags='-s -w' part_cgo=0
    case $1 in
        api | control | kubelet)
            part_module=kubernetes
            part_ldflags=$(kubernetes_ldflags)
            ;;
        storage | kwok | crane) part_module=$1 ;;
    esac
    case $1 in
        api) part_packages="go.etcd.io/etcd/server/v3 $(commands k8s.io/kubernetes/cmd kube-apiserver kubectl)" ;;
        control) part_packages=$(commands k8s.io/kubernetes/cmd kube-controller-manager kube-scheduler) ;;
        kubelet) part_packages=$(commands k8s.io/kubernetes/cmd kubelet kube-proxy) ;;
        runtime) part_packages="$(commands github.com/containerd/containerd/v2/cmd containerd containerd-shim-runc-v2 ctr) ./coredns" ;;
        cni) part_packages=$(commands $plugins main/bridge main/loopback main/tap ipam/host-local meta/portmap) ;;
        runc) part_packages=github.com/opencontainers/runc part_flags=-tags=seccomp part_cgo=1 ;;
        storage) part_packages=github.com/rancher/local-path-provisioner ;;
        kwok) part_packages=sigs.k8s.io/kwok/cmd/kwok ;;
        crane) part_packages=github.com/google/go-containerregistry/cmd/crane ;;
        *) die "build: there is no part '$1'" ;;
    esac
}

# part_dir PART: where it is, or will be, in the cache. The key is over all that decides its bytes.
part_dir() {
    local module
    part_recipe "$1"
    module=$VMB_ROOT/hack/cluster/$part_module
    printf '%s/cluster/%s-%s\n' "$VMB_CACHE" "$1" "$(digest "$module/go.mod" "$module/go.sum" \
        "$(cat "$module"/*/*.go 2>/dev/null)" "go$GO_VERSION $(uname -m)" \
        "$part_flags $part_ldflags $part_cgo $part_packages")"
}

# bin_path [SET...]: the folders of the sets' programs, joined by ':'. Without SET: of what is built.
bin_path() {
    local set part dir list=()
    for set in "${@:-}"; do
        for part in $(set_parts "${set:-all}"); do
            dir=$(part_dir "$part")/bin
            if [ -d "$dir" ]; then
                list+=("$dir")
            elif [ -n "$set" ]; then
                die "the programs of '$set' are not built; run: hack/cluster/build $set"
            fi
        done
    done
    (IFS=: && printf '%s\n' "${list[*]}")
}

# use_bin SET...: their programs first on PATH.
use_bin() {
    local path
    path=$(bin_path "$@")
    export PATH=$path:$PATH
}
