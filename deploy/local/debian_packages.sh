#!/usr/bin/env bash
# Brings the Debian packages named, if they are absent: by itself as root, else it says the command.
# usage: debian_packages.sh PACKAGE...
set -eu
is_here() {
  case $1 in
    # Another way to the same thing is as good as Debian's.
    chromium) [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
    fonts-noto-cjk) command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn)" ] ;;
    libatomic1) { ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null | grep -q 'libatomic\.so\.1' ;;
    *) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$' ;;
  esac
}
absent=()
for package in "$@"; do is_here "$package" || absent+=("$package"); done
[ ${#absent[@]} -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null; then
  echo "missing on this machine: ${absent[*]} (names are Debian's); bring them with your package manager" >&2; exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "missing on this machine: run 'sudo apt-get install ${absent[*]}' once, then again what you ran" >&2; exit 1
fi
echo "bringing Debian's ${absent[*]} …"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${absent[@]}"; } >"$log" 2>&1; then
  rm "$log"; echo "Debian's packages are here (${SECONDS} s)"
else
  tail -n 5 "$log" >&2; echo "apt-get failed; all it said is in $log" >&2; exit 1
fi
