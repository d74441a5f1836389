#!/usr/bin/env bash
# A machine of its own for the unit: systemd as process 1 in namespaces of its own, over this machine's files, to which it
# writes nothing; nobody else's network, processes or mounts are in reach. PACKAGE is mounted at /opt/portolan. As root.
#
#   unshare --mount --pid --uts --ipc --net --cgroup --propagation private --fork --kill-child systemd-machine.sh FOLDER PACKAGE
#
# FOLDER is empty. Ends with exit code 75 where the machine does not allow such namespaces and mounts.
set -euo pipefail

folder=$1 package=$2
root=$folder/root

main() {
  mount_root || exit 75
  mount_kernel || exit 75
  ip link set lo up
  hostname portolan-systemd
  # Started by hand only: what else is installed here would take port 80.
  exec chroot "$root" /usr/bin/env -i container=portolan-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=console --show-status=no systemd.unit=basic.target
}

mount_root() {
  mkdir -p "$folder/written" "$root"
  mount -t tmpfs tmpfs "$folder/written" || return
  mkdir "$folder/written/upper" "$folder/written/work"
  mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/written/upper,workdir=$folder/written/work" "$root" || return
  # An engine's layers are an overlay, too, which may not stand on one.
  mkdir -p "$root/var/lib/docker" "$root/opt/portolan"
  mount -t tmpfs tmpfs "$root/var/lib/docker"
  mount -t tmpfs tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mount --bind "$package" "$root/opt/portolan"
}

mount_kernel() {
  mount -t proc proc "$root/proc" || return
  # Settings of the whole machine stay what they are; those of this network are the engine's to change.
  mount --bind "$root/proc/sys" "$root/proc/sys"
  mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
  mount -o remount,bind,ro "$root/proc/sys"
  mount -t sysfs -o ro sysfs "$root/sys" || return
  mount_cgroups || return
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  local device
  for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  mount -t tmpfs tmpfs "$root/dev/shm"
}

# As this machine has them: one hierarchy, or one for each controller and systemd's own.
mount_cgroups() {
  local cgroup=$root/sys/fs/cgroup
  if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mount -t cgroup2 cgroup2 "$cgroup"
    return
  fi
  mount -t tmpfs tmpfs "$cgroup" || return
  mkdir "$cgroup/systemd"
  mount -t cgroup -o none,name=systemd cgroup "$cgroup/systemd" || return
  local controllers
  # 12:cpu,cpuacct:/path
  while IFS=: read -r _ controllers _; do
    case $controllers in '' | name=*) continue ;; esac
    mkdir "$cgroup/$controllers"
    mount -t cgroup -o "$controllers" cgroup "$cgroup/$controllers" || return
  done < /proc/self/cgroup
}

main
