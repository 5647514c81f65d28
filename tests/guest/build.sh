#!/usr/bin/env bash
# Makes a small Linux guest with the kernel's iSCSI initiator in it: vmlinuz and initrd.gz in the directory given.
# Everything comes from Debian's packages; those of the guest are unpacked there and not installed.
set -euo pipefail

[ $# = 1 ] || { echo "usage: tests/guest/build.sh DIRECTORY" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
if [ -f vmlinuz ] && [ -f initrd.gz ] && [ initrd.gz -nt "$here/init" ] && [ initrd.gz -nt "$here/build.sh" ]; then exit 0; fi

for program in apt-get apt-cache dpkg-deb cpio gzip busybox depmod modprobe mkfs.ext4 e2fsck sg_persist sg_inq ldd; do
  PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || { echo "$program is needed for the guest" >&2; exit 1; }
done
PATH=$PATH:/usr/sbin:/sbin

if [ ! -d packages/boot ]; then
  kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
  [ -n "$kernel" ] || { echo "no kernel package is to be had for the guest" >&2; exit 1; }
  mkdir -p download
  # apt's own user cannot write here, which it tells and gets over.
  (cd download && apt-get download -qq "$kernel" open-iscsi libisns0 libopeniscsiusr 2>/dev/null)
  for package in download/*.deb; do dpkg-deb -x "$package" packages; done
  rm -rf download
fi
version=$(ls packages/lib/modules)
depmod -b packages "$version"
libraries=$(dirname "$(find "$PWD/packages" -name 'libisns.so*' | head -n 1)")

rm -rf root
mkdir -p root/bin root/dev root/etc/iscsi root/lib root/lib64 root/mnt root/proc root/run root/sys root/tmp root/var/lib/iscsi
cp "$(command -v busybox)" root/bin/busybox
for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -sf busybox "root/bin/$applet"; done
for program in packages/sbin/iscsid packages/sbin/iscsiadm "$(command -v mkfs.ext4)" "$(command -v e2fsck)" "$(command -v sg_persist)" "$(command -v sg_inq)"; do
  rm -f "root/bin/$(basename "$program")"
  cp -L "$program" "root/bin/$(basename "$program")"
  # All in one directory, which the loader is told of below.
  LD_LIBRARY_PATH=$libraries ldd "$program" | awk '/=> \// { print $3 }' | xargs -r cp -nL -t root/lib
done
cp -L /lib64/ld-linux-x86-64.so.2 root/lib64/
for module in virtio_pci virtio_net iscsi_tcp sd_mod sg ext4 crc32c_generic crc32c_intel md5 sha256_generic; do
  modprobe -d "$PWD/packages" -S "$version" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }'
done | sort -u | while read -r file; do
  inside=${file##*/packages/}
  mkdir -p "root/$(dirname "$inside")"
  cp "$file" "root/$inside"
done
mkdir -p root/lib/modules/"$version"
cp packages/lib/modules/"$version"/modules.{builtin,builtin.modinfo,order} root/lib/modules/"$version"/
depmod -b root "$version"
echo 'root:x:0:0:root:/:/bin/sh' >root/etc/passwd
echo 'InitiatorName=iqn.2026-01.example.iscsitop:guest' >root/etc/iscsi/initiatorname.iscsi
cp packages/etc/iscsi/iscsid.conf root/etc/iscsi/
# Nobody starts the daemon for us.
sed -i '/^iscsid.startup/d' root/etc/iscsi/iscsid.conf
cp "$here/init" root/init
chmod +x root/init
(cd root && find . -print0 | cpio -0 -o -H newc --quiet) | gzip -1 >initrd.gz
cp packages/boot/vmlinuz-"$version" vmlinuz
rm -rf root
