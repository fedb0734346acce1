# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For tests/packages/chroot: the service as its unit says, without systemd. What of the unit is a sandbox is not
# here; systemd-analyze verify reads that.

# shellcheck shell=sh disable=SC2154  # $root is whoever sources it's.

# The values of a key of the unit, a line for each.
unit_values() { sed -n "s/^$1=//p" "$root/lib/systemd/system/livekit-sfu.service"; }

# as_service <command line>: as the unit's user, with its directories and environment. In place of the shell that
# calls it, so that its process is the service's.
as_service() {
  user=$(unit_values User)
  # A word for each variable.
  # shellcheck disable=SC2046
  exec chroot "$root" setpriv --reuid "$user" --regid "$(unit_values Group)" --clear-groups --no-new-privs \
    --inh-caps=-all env -i PATH=/usr/bin:/bin STATE_DIRECTORY=/var/lib/livekit-sfu MAINPID="${MAINPID:-}" \
    $(unit_values Environment | sed 's,%C,/var/cache,; s,%S,/var/lib,') /bin/sh -c "exec $1"
}

answers() {
  python3 - "$1" <<'PYTHON'
import sys, time, urllib.request
end = time.time() + 20
while True:
    try:
        body = urllib.request.urlopen(sys.argv[1], timeout=2).read()
        sys.exit(0 if body == b'OK' else 1)
    except OSError:
        if time.time() > end: raise
        time.sleep(0.1)
PYTHON
}

start_service() {
  as_service "$(unit_values ExecStart)" &
  MAINPID=$!
  answers http://127.0.0.1:7880/healthz
}

# The entry point of the container image, with what people give it.
start_image() {
  ln -sf /usr/bin/livekit-sfu "$root/livekit-server"
  chroot "$root" env -i GST_REGISTRY=/tmp/registry.bin "$@" &
  MAINPID=$!
  answers http://127.0.0.1:7880/healthz
  kill "$MAINPID"
  wait "$MAINPID"
  rm "$root/livekit-server"
}

test_service() {
  mount -t proc proc "$root/proc"
  ip link set lo up
  # Media has an address that is not loopback's, as on any machine.
  ip link add media0 type veth peer name media1
  ip addr add 192.0.2.10/24 dev media0
  ip link set media0 up
  for directory in lib cache; do
    chroot "$root" install -d -m 0750 -o livekit-sfu -g livekit-sfu "/var/$directory/livekit-sfu"
  done

  (as_service '/usr/bin/livekit-sfu doctor --config /etc/livekit-sfu.yaml')
  start_service
  echo 'started as the unit says'
  [ "$(stat -c %u "/proc/$MAINPID")" != 0 ]
  (as_service "$(unit_values ExecStop)")
  wait "$MAINPID"
  echo 'stopped as the unit says'

  body='keys: {somebody: a-secret-of-more-than-thirty-two-characters}'
  start_image /livekit-server --config /etc/livekit-sfu.yaml
  start_image /livekit-server --dev
  start_image "LIVEKIT_CONFIG=$body" /livekit-server
  start_image 'LIVEKIT_KEYS=somebody: a-secret-of-more-than-thirty-two-characters' /livekit-server --node-ip 192.0.2.10
  echo 'started as the image does'
}
