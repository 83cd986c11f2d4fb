# The test guests: a Debian cloud kernel and one initramfs, on a disk that a BIOS starts and one that UEFI starts. The cloud kernel has
# virtio cards alone, so guest-cards is the BIOS disk with Debian's general kernel and the drivers of emulated cards.
# Sourced by hack/image/lib.sh.

# The last five save a second under emulation; one UART is all there is.
GUEST_CMDLINE='console=tty0 console=ttyS0 quiet panic=-1 mitigations=off nokaslr tsc=reliable no_timer_check 8250.nr_uarts=1'
GUEST_STUB=/usr/lib/systemd/boot/efi/linuxx64.efi.stub
GUEST_PACKAGES=(base-files linux-image-cloud-amd64 qemu-guest-agent busybox-static)
GUEST_CARDS_PACKAGES=(base-files linux-image-amd64 qemu-guest-agent busybox-static)

# stamp FOLDER: one time for all that is in it.
stamp() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }

# tool_to NAME OUT LIBRARY...: a program of tools/, linked so that it runs anywhere.
tool_to() { cc -O2 -std=gnu11 -D_GNU_SOURCE -Wl,--build-id=none -static -s -o "$2" "$IMAGE_DIR/tools/$1.c" "${@:3}"; }
tools_to() {
    tool_to netprobe "$1/netprobe"
    tool_to ioload "$1/ioload" -laio
}

# guest_modules TREE VERSION OUT LIST...: the listed modules and what they need, uncompressed, with their indexes.
guest_modules() {
    local tree=$1 version=$2 out=$3 name path
    shift 3
    depmod -b "$tree" "$version"
    mkdir -p "$out/usr/lib/modules/$version"
    cp "$tree/usr/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$out/usr/lib/modules/$version/"
    for name in $(for list in "$@"; do listed "$list"; done); do
        modprobe -d "$tree" -S "$version" --show-depends "$name" || say "the kernel has no module $name"
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u | while read -r path; do
        path=${path#"$tree"}
        name=$out/usr/${path#/}
        name=${name/usr\/usr/usr}
        mkdir -p "$(dirname "$name")"
        case $path in *.xz) xz -dc "$tree$path" >"${name%.xz}" ;; *) cp "$tree$path" "$name" ;; esac
    done
    depmod -b "$out" "$version"
    rm "$out/usr/lib/modules/$version"/*.bin
}

# guest_initramfs LISTS TREE OUT: OUT/initrd.gz and OUT/vmlinuz. LISTS are names of lists of modules in guest/, with blanks between.
guest_initramfs() {
    local lists tree=$2 out=$3 root=$3/root version name
    read -ra lists <<<"$1"
    version=$(basename "$(echo "$tree"/usr/lib/modules/*)")
    rm -rf "$out"
    mkdir -p "$root"/{usr/{bin,lib,lib64},etc/acpi/PWRF,proc,sys,dev,run,tmp,root,mnt,www,var}
    for name in bin lib lib64; do ln -s "usr/$name" "$root/$name"; done
    ln -s usr/bin "$root/sbin"
    ln -s bin "$root/usr/sbin"
    ln -s ../run "$root/var/run"
    ln -s ../run "$root/var/log"
    cp "$tree/usr/bin/busybox" "$tree/usr/sbin/qemu-ga" "$root/usr/bin/"
    for name in poweroff halt reboot shutdown; do ln -s power "$root/usr/bin/$name"; done
    install -m 755 "$IMAGE_DIR"/guest/{dhcp-event,vm-facts,login-root,power} "$root/usr/bin/"
    install -m 755 "$IMAGE_DIR/guest/init" "$root/init"
    install -m 755 "$IMAGE_DIR/guest/power-button" "$root/etc/acpi/PWRF/00000080"
    tools_to "$root/usr/bin"
    link_applets "$root"
    take "$tree" "$root" usr/lib64/ld-linux-x86-64.so.2
    close_over "$tree" "$root" '^$'
    guest_modules "$tree" "$version" "$root" "${lists[@]/#/$IMAGE_DIR/guest/}"
    printf 'root::0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\n' >"$root/etc/group"
    printf 'root:*:1::::::\n' >"$root/etc/shadow"
    printf 'PRETTY_NAME="vmbridge test guest"\nNAME="vmbridge test guest"\nID=vmbridge\nVERSION_ID="1"\n' >"$root/etc/os-release"
    stamp "$root"
    (cd "$root" && find . -print0 | sort -z | cpio -0 -o -H newc --reproducible -R 0:0) | gzip -9n >"$out/initrd.gz"
    cp "$tree/boot/vmlinuz-$version" "$out/vmlinuz"
    rm -rf "$root"
    stamp "$out"
}

# fat_disk FILE: an empty FAT16 disk of 40 MiB without partitions, the same each time.
fat_disk() {
    local sectors=81648
    truncate -s $((sectors * 512)) "$1"
    mformat -i "$1" -h 16 -s 63 -T $sectors -H 0 -N 0x12345678 -v GUEST ::
}

# guest_bios BOOT OUT: OUT is a file, syslinux starts it.
guest_bios() {
    local boot=$1 disk=$2 config=$2.syslinux
    printf '%s\n' 'SERIAL 0 115200' 'DEFAULT linux' 'PROMPT 0' 'LABEL linux' ' LINUX vmlinuz' ' INITRD initrd.gz' \
        " APPEND $GUEST_CMDLINE" >"$config"
    touch -d "@$SOURCE_DATE_EPOCH" "$config"
    fat_disk "$disk"
    mcopy -m -i "$disk" "$boot/vmlinuz" "$boot/initrd.gz" ::
    mcopy -m -i "$disk" "$config" ::/syslinux.cfg
    syslinux --install "$disk"
    rm "$config"
}

# undate EFI-PROGRAM: clears the time at which objcopy wrote it and the checksum over that, which nobody reads.
undate() {
    local header
    header=$(od -An -tu4 -j $((0x3c)) -N 4 "$1" | tr -d ' ')
    dd if=/dev/zero of="$1" bs=1 count=4 seek=$((header + 0x8)) conv=notrunc status=none
    dd if=/dev/zero of="$1" bs=1 count=4 seek=$((header + 0x58)) conv=notrunc status=none
}

# guest_efi BOOT OUT: kernel, initramfs and command line in one EFI program, where firmware looks for it.
guest_efi() {
    local boot=$1 disk=$2 work=$2.uki
    mkdir -p "$work"
    printf '%s' "$GUEST_CMDLINE" >"$work/cmdline"
    printf 'ID=vmbridge\nVERSION_ID=1\nPRETTY_NAME="vmbridge test guest"\n' >"$work/osrel"
    objcopy --add-section .osrel="$work/osrel" --change-section-vma .osrel=0x20000 \
        --add-section .cmdline="$work/cmdline" --change-section-vma .cmdline=0x30000 \
        --add-section .linux="$boot/vmlinuz" --change-section-vma .linux=0x200000 \
        --add-section .initrd="$boot/initrd.gz" --change-section-vma .initrd=0x1800000 \
        "$GUEST_STUB" "$work/BOOTX64.EFI"
    undate "$work/BOOTX64.EFI"
    stamp "$work"
    fat_disk "$disk"
    mmd -i "$disk" ::/EFI ::/EFI/BOOT
    mcopy -m -i "$disk" "$work/BOOTX64.EFI" ::/EFI/BOOT/BOOTX64.EFI
    rm -rf "$work"
}

# guest_root KIND BOOT OUT: a containerDisk: one file under /disk, readable by the launcher's user.
guest_root() {
    local kind=$1 boot=$2 disk=$3/disk
    rm -rf "$3"
    mkdir -p "$disk"
    case $kind in
        bios | cards) guest_bios "$boot" "$disk/guest.img" ;;
        efi) guest_efi "$boot" "$disk/guest.img" ;;
        qcow2)
            guest_bios "$boot" "$disk/guest.raw"
            qemu-img convert -f raw -O qcow2 "$disk/guest.raw" "$disk/guest.qcow2"
            rm "$disk/guest.raw"
            ;;
    esac
    chown -R 107:107 "$disk"
    chmod 440 "$disk"/guest.*
}

# guest_boot VARIABLE NAME LISTS: sets VARIABLE to the kernel and initramfs of the packages in TREE, and GUEST_KEY to what they were made of.
guest_boot() {
    GUEST_KEY=$(digest "$TREE_KEY" "$3" "$IMAGE_DIR"/{lib.sh,guest.sh} "$IMAGE_DIR"/guest/* "$IMAGE_DIR"/tools/*.c "$GUEST_STUB")
    cached_folder "$1" "$2-boot" "$GUEST_KEY" guest_initramfs "$3" "$TREE"
}

build_guest() {
    local kind boot
    for kind in cc cpio mcopy syslinux objcopy qemu-img modprobe; do
        command -v $kind >/dev/null || die "build: $kind is missing; install the packages of hack/packages.txt"
    done
    [ -f "$GUEST_STUB" ] || die "build: $GUEST_STUB is missing; install systemd-boot-efi"
    deb_tree guest trixie "${GUEST_PACKAGES[@]}"
    guest_boot boot guest modules
    for kind in bios efi qcow2; do
        image "guest-$kind" 1 "$GUEST_KEY" guest_root "$kind" "$boot" --
    done
    deb_tree guest-cards trixie "${GUEST_CARDS_PACKAGES[@]}"
    guest_boot boot guest-cards 'modules modules-cards'
    image guest-cards 1 "$GUEST_KEY" guest_root cards "$boot" --
}
