# The image for pods of tests: busybox, netprobe and ioload. Sourced by hack/image/lib.sh.

tools_root() {
    local tree=$1 out=$2 name
    rm -rf "$out"
    mkdir -p "$out"/{usr/bin,etc,proc,sys,dev,run,tmp}
    for name in bin sbin; do ln -s usr/bin "$out/$name"; done
    ln -s bin "$out/usr/sbin"
    chmod 1777 "$out/tmp" "$out/run"
    cp "$tree/usr/bin/busybox" "$out/usr/bin/"
    tools_to "$out/usr/bin"
    link_applets "$out"
    printf '%s\n' root:x:0:0::/:/bin/sh test:x:1000:1000::/tmp:/bin/sh >"$out/etc/passwd"
    printf '%s\n' root:x:0: test:x:1000: >"$out/etc/group"
}

build_tools() {
    deb_tree tools trixie busybox-static
    image test-tools 1 "$(digest "$TREE_KEY" "$IMAGE_DIR"/{lib.sh,launcher.sh,tools.sh,guest.sh} "$IMAGE_DIR"/tools/*.c)" \
        tools_root "$TREE" -- --user 1000:1000 --cmd '["/usr/bin/sleep","2147483647"]'
}
