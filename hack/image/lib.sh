# Shared by the scripts of hack/image: unpacked Debian trees, the ELF closure, and image files by content key.
# Source it, never run it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

IMAGE_DIR=$VMB_ROOT/hack/image
IMAGE_CACHE=${IMAGE_CACHE:-$VMB_CACHE/images}
IMAGE_PREFIX=localhost/vmbridge
IMAGE_LIBDIR=usr/lib/x86_64-linux-gnu
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-1763600000}
export LC_ALL=C
BINDIR=${BINDIR:-$VMB_CACHE/build/release}
mkdir -p "$IMAGE_CACHE"

# mirror LABEL: the address from which this machine's apt takes Debian (LABEL "Debian" or "Debian-Security").
mirror() {
    # The $(...) are apt's own fields, not the shell's.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
        awk -v label="$1" '$1 == "Debian" && $2 == label {print $3; exit}'
}

# deb_sources SUITE: the lines of a sources.list for SUITE, its updates, security and backports.
deb_sources() {
    local main security
    main=$(mirror Debian)
    security=$(mirror Debian-Security)
    [ -n "$main" ] || die "apt knows no Debian mirror; add one to /etc/apt/sources.list and run apt-get update"
    printf 'deb %s %s main\n' "$main" "$1" "$main" "$1-updates" "$main" "$1-backports"
    [ -z "$security" ] || printf 'deb %s %s-security main\n' "$security" "$1"
}

# step NAME FUNCTION ARG...: stage for a function of these scripts, in a shell of its own that stops at the first error.
step() {
    # Expanded by the inner shell.
    # shellcheck disable=SC2016
    stage "$1" bash -c '. "$0"; "$@"' "$IMAGE_DIR/lib.sh" "${@:2}"
}

# unpack_debs OUT SUITE PACKAGE...: a folder with these packages and all they depend on, unpacked, nothing configured;
# OUT.packages lists them with their versions. PACKAGE/backports takes that one package from the suite's backports.
unpack_debs() {
    local out=$1 suite=$2 apt=$1.apt names=() p
    shift 2
    rm -rf "$out" "$apt"
    mkdir -p "$apt"
    deb_sources "$suite" >"$apt/sources.list"
    for p in "$@"; do
        names+=("${p%/backports}")
        [ "$p" = "${p%/backports}" ] ||
            printf 'Package: %s\nPin: release n=%s-backports\nPin-Priority: 990\n\n' "${p%/backports}" "$suite"
    done >"$apt/preferences"
    mmdebstrap --mode=root --variant=extract --include="${names[*]}" --setup-hook="copy-in $apt/preferences /etc/apt" \
        --skip=essential/unlink --skip=cleanup/apt/cache "$suite" "$out" "$apt/sources.list"
    find "$out/var/cache/apt/archives" -name '*.deb' -printf '%f\n' | sort >"$out.packages"
    [ -s "$out.packages" ] || die "mmdebstrap left no list of packages in $out"
    rm -rf "$out/var/cache/apt" "$apt"
}

# deb_tree NAME SUITE PACKAGE...: sets TREE to the cached folder of unpack_debs and TREE_KEY to a digest of the versions
# in it. Versions stay as first fetched, so that a day's rebuilds agree; REFRESH=yes fetches what the mirror has now.
deb_tree() {
    local key
    key=$(digest "$(declare -f unpack_debs)" "$*")
    TREE=$IMAGE_CACHE/tree/$1-$key
    if [ ! -s "$TREE.packages" ] || [ "${REFRESH:-no}" = yes ]; then
        mkdir -p "$IMAGE_CACHE/tree"
        step "unpack-$1" unpack_debs "$TREE.part" "${@:2}"
        rm -rf "$TREE"
        mv "$TREE.part" "$TREE"
        mv "$TREE.part.packages" "$TREE.packages"
    fi
    # shellcheck disable=SC2034 # for the callers
    TREE_KEY=$(digest "$TREE.packages")
}

# listed FILE: the lines of a list without comments.
listed() { sed 's/#.*//' "$1" | xargs -n1; }

# take TREE OUT PATH...: copies files, folders and links with what the links name, patterns expanded in TREE.
take() {
    local tree=$1 out=$2 pattern path target
    shift 2
    for pattern in "$@"; do
        compgen -G "$tree/$pattern" >/dev/null || die "no $pattern in $tree; its package may have moved it"
        for path in "$tree"/$pattern; do
            path=${path#"$tree"/}
            mkdir -p "$out/$(dirname "$path")"
            cp -a --no-target-directory "$tree/$path" "$out/$path"
            [ -L "$tree/$path" ] || continue
            target=$(readlink "$tree/$path")
            [ "${target#/}" = "$target" ] && target=$(dirname "$path")/$target
            take "$tree" "$out" "${target#/}"
        done
    done
}

# code_in OUT: the files that may be programs or modules, each ended by a zero byte.
code_in() { find "$1" -type f \( -perm /111 -o -name '*.so*' \) -print0; }

# needs FILE...: the sonames they name; of what is no ELF file, nothing.
needs() { { readelf -d "$@" 2>/dev/null || true; } | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u; }

# find_library TREE SONAME: its path in TREE, without TREE.
find_library() {
    local dir
    for dir in $IMAGE_LIBDIR $IMAGE_LIBDIR/swtpm lib/x86_64-linux-gnu usr/lib64 lib64; do
        [ -e "$1/$dir/$2" ] && { printf '%s\n' "$dir/$2"; return 0; }
    done
    return 1
}

# close_over TREE OUT HOST_PATTERN: copies from TREE every library that a program in OUT needs, and what those need. A
# soname that TREE lacks comes from this machine if it matches HOST_PATTERN (extended regular expression), else it is an error.
close_over() {
    local tree=$1 out=$2 host=$3 name path from more=yes code
    while [ $more = yes ]; do
        more=no
        mapfile -d '' code < <(code_in "$out")
        for name in $(needs "${code[@]}"); do
            find_library "$out" "$name" >/dev/null && continue
            from=$tree
            if ! path=$(find_library "$tree" "$name"); then
                [[ $name =~ $host ]] || die "nothing in $tree provides $name, needed in $out; add its package"
                path=$(find_library '' "$name") || die "this machine has no $name, needed in $out; install its package"
                from=''
            fi
            take "$from" "$out" "${path/#lib/usr/lib}"
            more=yes
        done
    done
}

# check_closure OUT: the image's own loader resolves every program and module with all its symbol versions.
check_closure() {
    local file report
    while read -r -d '' file; do
        [ -n "$(needs "$file")" ] || continue
        report=$(chroot "$1" /lib64/ld-linux-x86-64.so.2 --list "${file#"$1"}" 2>&1) || report+=' not found'
        ! grep -q 'not found' <<<"$report" || die "${file#"$1"} does not load in the image: $report"
    done < <(code_in "$1")
}

# cached_folder VARIABLE NAME KEY FUNCTION ARG...: sets VARIABLE to a folder that FUNCTION ARG... FOLDER made once for KEY.
cached_folder() {
    local dir=$IMAGE_CACHE/folder/$2-$3
    if [ ! -d "$dir" ]; then
        mkdir -p "$IMAGE_CACHE/folder"
        find "$IMAGE_CACHE/folder" -mindepth 1 -maxdepth 1 -name "$2-*" -mmin +1440 -exec rm -rf {} +
        step "$2" "${@:4}" "$dir.part"
        mv "$dir.part" "$dir"
    fi
    touch "$dir"
    printf -v "$1" '%s' "$dir"
}

need_programs() {
    local file
    for file in "$@"; do
        [ -f "$file" ] || die "$file is not built; run ninja in that build folder, or name another with --bindir"
    done
}

# image NAME TAG KEY FUNCTION ARG... -- OCI-OPTION...: the archive of the image whose tree FUNCTION ARG... FOLDER makes,
# made once for KEY; prints its name and its file. Of each NAME the three archives used last are kept.
image() {
    local name=$1 tag=$2 make=() dir old
    dir=$IMAGE_CACHE/$(digest "$IMAGE_DIR/oci" "$*")
    shift 3
    while [ "$1" != -- ]; do make+=("$1") && shift; done
    shift
    if [ ! -s "$dir/name" ]; then
        rm -rf "$dir"
        mkdir -p "$dir"
        step "$name-tree" "${make[@]}" "$dir/root"
        step "$name-archive" pack_image "$dir" "$name" "$tag" "$@"
        find "$IMAGE_CACHE" -mindepth 2 -maxdepth 2 -name "$name.tar" -printf '%T@ %h\n' | sort -rn | tail -n +4 |
            while read -r _ old; do rm -rf "$old"; done
    fi
    touch "$dir/$name.tar"
    printf '%s %s\n' "$(cut -d' ' -f1 "$dir/name")" "$dir/$name.tar"
}

# pack_image DIR NAME TAG OCI-OPTION...: DIR/root becomes DIR/NAME.tar; DIR/name holds the full name and the digest,
# DIR/size the bytes of the tree and of its compressed layer.
pack_image() {
    local dir=$1 name=$2
    "$IMAGE_DIR/oci" "$dir/root" "$IMAGE_PREFIX/$name:$3" "$dir/$name.tar" "${@:4}" >"$dir/name.part"
    du -sb --apparent-size "$dir/root" | cut -f1 >"$dir/size"
    rm -rf "$dir/root"
    mv "$dir/name.part" "$dir/name"
}

for IMAGE_PART in launcher controller guest tools; do
    # shellcheck source=/dev/null
    . "$IMAGE_DIR/$IMAGE_PART.sh"
done
