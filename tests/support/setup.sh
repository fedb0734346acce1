# SPDX-License-Identifier: LGPL-2.1-or-later
#
# For ./check and ./demo, which source it: the packages of Debian 12 that are needed, and building.

LC_ALL=C.UTF-8
DEBIAN_FRONTEND=noninteractive
export LC_ALL DEBIAN_FRONTEND

build_packages='g++ pkg-config meson ninja-build libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev
  libgstreamer-plugins-bad1.0-dev libjson-glib-dev libprotobuf-dev libsoup-3.0-dev libssl-dev
  libusrsctp-dev libyaml-dev protobuf-compiler'
run_packages='gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
  gstreamer1.0-plugins-bad gstreamer1.0-nice gstreamer1.0-x glib-networking'
# H264 by x264, which is what Debian has.
encoder_packages='gstreamer1.0-plugins-ugly'
test_packages='coturn libgmock-dev libgtest-dev libsrtp2-dev gstreamer1.0-libav gstreamer1.0-plugins-ugly curl ffmpeg
  gir1.2-gst-rtsp-server-1.0 iproute2 nftables openssl procps python3 python3-gi'
package_packages='build-essential debhelper debootstrap fakeroot lintian mandoc shellcheck systemd iproute2 python3
  python3-yaml'
clang_packages='clang clang-tidy libclang-rt-14-dev'
# SRTP is faster with it, where the architecture has it.
case $(dpkg --print-architecture 2>/dev/null) in
  amd64) build_packages="$build_packages libipsec-mb-dev" ;;
esac

say() { printf '\n== %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -E "$@"; fi
}

# Installs those of the named packages that are missing.
install_packages() {
  missing=
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  say "installing$missing"
  output=$(as_root apt-get -qq update 2>&1) || { echo "$output" >&2; return 1; }
  # shellcheck disable=SC2086  # One word per package.
  output=$(as_root apt-get -qq -y --no-install-recommends install $missing 2>&1) || { echo "$output" >&2; return 1; }
}

# Installs the packages that bring these programs, unless the programs come from somewhere else.
install_programs() {
  wanted=
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || wanted="$wanted ${pair##*:}"
  done
  # shellcheck disable=SC2086
  [ -z "$wanted" ] || install_packages $wanted
}

# configure <directory> <options>: sets the directory up, or changes the options of one that is.
configure() {
  directory=$1
  shift
  if [ -f "$directory/build.ninja" ]; then
    meson configure "$directory" "$@"
  else
    meson setup "$directory" "$@"
  fi
}
