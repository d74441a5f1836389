#!/usr/bin/env bash
# Imports the test images into the engine at DOCKER_HOST, from busybox, without a registry. Those there already are left.
set -euo pipefail

busybox=$(command -v busybox)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

mkdir -p "$folder/bin" "$folder/etc" "$folder/tmp" "$folder/www/cgi-bin"
cp "$busybox" "$folder/bin/busybox"
for applet in sh sleep tail kill wget nc echo cat env httpd true false; do
  ln -s busybox "$folder/bin/$applet"
done
echo 'portolan test web' > "$folder/www/index.html"
# Says who answered: which container, and which headers it was asked with.
cat > "$folder/www/cgi-bin/who" <<'CGI'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
echo "container: $(cat /etc/hostname)"
env
CGI
chmod +x "$folder/www/cgi-bin/who"

# image NAME CHANGE...
image() {
  local name=$1 change changes=()
  shift
  if docker image inspect "$name" > /dev/null 2>&1; then return; fi
  for change in "$@"; do changes+=(--change "$change"); done
  tar -C "$folder" -c . | docker import "${changes[@]}" - "$name" > /dev/null
  echo "imported $name" >&2
}

serve='CMD ["/bin/busybox","httpd","-f","-p","80","-h","/www"]'
image portolan-test-web 'ENV PATH=/bin' "$serve" 'EXPOSE 80'
# Exposes nothing: gets no route.
image portolan-test-plain 'ENV PATH=/bin' "$serve"
# Healthy as long as /tmp/sick is not there.
image portolan-test-health 'ENV PATH=/bin' "$serve" 'EXPOSE 80' \
  'HEALTHCHECK --interval=1s --timeout=2s --retries=1 CMD ["/bin/sh","-c","[ ! -e /tmp/sick ]"]'
