# The launcher image: Debian trixie's libvirt, QEMU, swtpm and passt reduced to what runs, and our own programs on top.
# Sourced by hack/image/lib.sh.

# Our programs: path under the build folder, place in the image.
LAUNCHER_PROGRAMS=(
    virt-launcher/virt-launcher:usr/bin/virt-launcher
    virt-launcher/virt-launcher-monitor:usr/bin/virt-launcher-monitor
    virt-launcher/passt/passt:usr/bin/passt
    virt-launcher/passt/heap.so:usr/lib/passt/heap.so
    virt-launcher/passt/nosandbox.so:usr/lib/passt/nosandbox.so
    virt-launcher/passt/smallbuffer.so:usr/lib/passt/smallbuffer.so
)
# Sonames that trixie no longer has: the launcher is compiled on Debian 12, whose libwebsockets is 17 (trixie's is 19).
LAUNCHER_HOST_LIBRARIES='^libwebsockets\.so\.17$'
# libwebsockets loads this by name, so nothing names it as needed.
LAUNCHER_HOST_MODULES=("$IMAGE_LIBDIR/libwebsockets-evlib_uv.so")
LAUNCHER_CAPABILITIES=usr/share/vmbridge/capabilities

# launcher_skeleton OUT: folders, links and users of the file tree.
launcher_skeleton() {
    local out=$1 dir
    mkdir -p "$out"/{usr/{bin,sbin,lib,lib64,libexec,share},etc/libvirt,var,proc,sys,dev,run,tmp,disks}
    for dir in bin sbin lib lib64; do ln -s "usr/$dir" "$out/$dir"; done
    ln -s ../run "$out/var/run"
    # A runtime that mounts a tmpfs here gives it the mode of the image's folder.
    chmod 1777 "$out/run" "$out/tmp"
    printf '%s\n' root:x:0:0:root:/:/bin/sh qemu:x:107:107:qemu:/run:/bin/sh nobody:x:65534:65534::/:/bin/false >"$out/etc/passwd"
    printf '%s\n' root:x:0: qemu:x:107: nogroup:x:65534: >"$out/etc/group"
    printf '%s\n' 'passwd: files' 'group: files' 'hosts: files dns' 'services: files' >"$out/etc/nsswitch.conf"
}

# link_applets OUT: a name for each busybox applet that is not a program already.
link_applets() {
    local name
    "$1/usr/bin/busybox" --list | while read -r name; do
        [ -e "$1/usr/bin/$name" ] || [ -e "$1/usr/sbin/$name" ] || ln -s busybox "$1/usr/bin/$name"
    done
}

# launcher_bake TREE ROOT OUT: asks QEMU what it can do, once, the way libvirt does, and keeps libvirt's file of answers in
# OUT. The three times in it are those of the node's files, so they are 0 here and the launcher fills them in.
launcher_bake() {
    local tree=$1 root=$2 out=$3 probe=$3.probe file
    rm -rf "$probe"
    cp -a "$root" "$probe"
    take "$tree" "$probe" usr/bin/virsh
    close_over "$tree" "$probe" '^$'
    unshare --mount --pid --fork --net bash -eu "$IMAGE_DIR/probe-capabilities" "$probe"
    mkdir -p "$out"
    for file in "$probe"/tmp/cache/libvirt/qemu/cache/capabilities/*.xml; do
        sed -E 's#<(qemuctime|selfctime|qemumoddirmtime)>[0-9]*<#<\1>0<#' "$file" >"$out/${file##*/}"
    done
    rm -rf "$probe"
}

# launcher_base TREE OUT: all of the image but our own programs.
launcher_base() {
    local tree=$1 out=$2 files
    rm -rf "$out"
    launcher_skeleton "$out"
    mapfile -t files < <(listed "$IMAGE_DIR/launcher.files")
    take "$tree" "$out" "${files[@]}"
    mkdir -p "$out/usr/lib/passt"
    mv "$out"/usr/bin/passt{,.avx2} "$out/usr/lib/passt/"
    take "$tree" "$out" usr/lib64/ld-linux-x86-64.so.2
    take / "$out" "${LAUNCHER_HOST_MODULES[@]}"
    close_over "$tree" "$out" "$LAUNCHER_HOST_LIBRARIES"
    link_applets "$out"
    launcher_bake "$tree" "$out" "$out.capabilities"
    mkdir -p "$out/${LAUNCHER_CAPABILITIES%/*}"
    mv "$out.capabilities" "$out/$LAUNCHER_CAPABILITIES"
    find "$out" -perm /6000 -type f -exec chmod a-s {} +
}

# launcher_root TREE BASE BINDIR OUT: the whole tree of the image; files of BASE are shared by hard links, never changed.
launcher_root() {
    local tree=$1 base=$2 bindir=$3 out=$4 row
    rm -rf "$out"
    cp -al "$base" "$out"
    for row in "${LAUNCHER_PROGRAMS[@]}"; do
        mkdir -p "$out/$(dirname "${row#*:}")"
        install -m 755 --strip "$bindir/${row%:*}" "$out/${row#*:}"
    done
    ! objdump -T "$out/usr/bin/virt-launcher" 2>/dev/null | grep LIBVIRT_PRIVATE ||
        die "virt-launcher uses a private symbol of libvirt, which no other version of libvirt has"
    close_over "$tree" "$out" "$LAUNCHER_HOST_LIBRARIES"
    check_closure "$out"
}

# Sets LAUNCHER_TREE and LAUNCHER_BASE, and LAUNCHER_KEY to what they were made of.
launcher_prepare() {
    local packages host
    mapfile -t packages < <(listed "$IMAGE_DIR/launcher.packages")
    deb_tree launcher trixie "${packages[@]}"
    host=$(find "/$IMAGE_LIBDIR" -name 'libwebsockets*.so*' -type f | sort | xargs sha256sum)
    LAUNCHER_TREE=$TREE
    LAUNCHER_KEY=$(digest "$TREE_KEY" "$host" "$IMAGE_DIR"/{lib.sh,launcher.sh,launcher.files,probe-capabilities})
    cached_folder LAUNCHER_BASE launcher-base "$LAUNCHER_KEY" launcher_base "$LAUNCHER_TREE"
}

build_launcher() {
    local row programs=()
    for row in "${LAUNCHER_PROGRAMS[@]}"; do programs+=("$BINDIR/${row%:*}"); done
    need_programs "${programs[@]}"
    launcher_prepare
    image launcher @ "$(digest "$LAUNCHER_KEY" "${programs[@]}")" \
        launcher_root "$LAUNCHER_TREE" "$LAUNCHER_BASE" "$BINDIR" -- \
        --user 107:107 --entrypoint '["/usr/bin/virt-launcher-monitor"]'
}
