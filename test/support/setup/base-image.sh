#!/usr/bin/env bash
# A stand-in for node:26-slim in the engine at DOCKER_HOST, where no image can be pulled: Debian's files of this machine,
# and the Node that is first in PATH. An image that is there already is left; where there is no Debian, it is pulled.
set -euo pipefail

image=node:26-slim
if docker image inspect "$image" > /dev/null 2>&1; then exit 0; fi
command -v dpkg > /dev/null || exec docker pull "$image"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Debian's packages, without what is for people.
dpkg -L libc6 libgcc-s1 libstdc++6 libatomic1 | sort -u | while read -r path; do
  case $path in /usr/share/*) continue ;; esac
  if [ -f "$path" ]; then echo "${path#/}"; fi
done > "$folder.list"
mkdir -p "$folder"/{bin,tmp,home/node,etc/ssl/certs,usr/bin,usr/local/bin,usr/local/lib/node_modules}
tar -C / -c -T "$folder.list" | tar -C "$folder" -x
rm "$folder.list"

cp "$(command -v busybox)" "$folder/bin/busybox"
for applet in sh env ls cat cp rm mkdir ln id stat sleep chmod chown; do ln -s busybox "$folder/bin/$applet"; done
ln -s /bin/env "$folder/usr/bin/env"

cp -L "$(command -v node)" "$folder/usr/local/bin/node"
npm=$(readlink -f "$(command -v npm)")
cp -r "${npm%/bin/*}" "$folder/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$folder/usr/local/bin/npm"

printf 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n' > "$folder/etc/passwd"
printf 'root:x:0:\nnode:x:1000:\n' > "$folder/etc/group"
printf 'hosts: files dns\n' > "$folder/etc/nsswitch.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
chmod 1777 "$folder/tmp"

tar -C "$folder" --owner=0 --group=0 -c . | docker import \
  --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' \
  --change 'LABEL stand-in=portolan' --change 'CMD ["node"]' - "$image" > /dev/null
echo "imported a stand-in for $image" >&2
