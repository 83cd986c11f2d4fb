# The controller image: our program, the small one for the nodes, and the libraries of the Debian 12 it was compiled on; no shell, nothing else.
# Sourced by hack/image/lib.sh.

controller_root() {
    local bindir=$1 out=$2 dir
    rm -rf "$out"
    mkdir -p "$out"/{usr/{bin,lib,lib64},etc,proc,sys,dev,run,tmp}
    for dir in bin lib lib64; do ln -s "usr/$dir" "$out/$dir"; done
    chmod 1777 "$out/tmp"
    printf '%s\n' root:x:0:0::/:/bin/false vmbridge:x:1001:1001::/:/bin/false >"$out/etc/passwd"
    printf '%s\n' root:x:0: vmbridge:x:1001: >"$out/etc/group"
    printf '%s\n' 'hosts: files dns' >"$out/etc/nsswitch.conf"
    install -m 755 --strip "$bindir/controller/vmbridge-controller" "$bindir/controller/node/vmbridge-node" "$out/usr/bin/"
    take / "$out" lib64/ld-linux-x86-64.so.2 "$IMAGE_LIBDIR"/libwebsockets-evlib_uv.so
    close_over / "$out" '^$'
    check_closure "$out"
}

build_controller() {
    local programs=("$BINDIR/controller/vmbridge-controller" "$BINDIR/controller/node/vmbridge-node") libraries
    need_programs "${programs[@]}"
    libraries=$(ldd "${programs[@]}" | grep -o '/[^ ]*\.so[^ ]*' | sort -u | xargs sha256sum)
    image controller @ "$(digest "${programs[@]}" "$libraries" "$IMAGE_DIR"/{lib.sh,controller.sh})" \
        controller_root "$BINDIR" -- --user 1001:1001 --entrypoint '["/usr/bin/vmbridge-controller"]'
}
