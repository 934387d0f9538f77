#!/bin/sh
# Make .venv from the hashed lock with the machine's python3. Usage: bootstrap.sh runtime|dev
# A second run with the same lock does nothing; several at once wait for the first.
set -eu
cd "$(dirname "$0")/.."
case "${1:-}" in
    runtime | dev) lock=deploy/lock/$1.txt ;;
    *) echo "usage: $0 runtime|dev" >&2; exit 2 ;;
esac

# --- is it there already? ------------------------------------------------------------------------
# The mark is the lock that was installed, under the path it was installed for: scripts in .venv
# hold absolute paths, so a copied or moved checkout makes its own.
mark_of() { { pwd -P; cat "deploy/lock/$1.txt"; } }
is_current() {
    [ -x .venv/bin/python ] && [ -f ".venv/.lock-$1" ] && mark_of "$1" | cmp -s - ".venv/.lock-$1"
}
is_current "$1" && exit 0
[ -L .venv ] && exit 0  # whoever links an environment answers for it
exec 9>.bootstrap.lock
if command -v flock >/dev/null 2>&1; then flock 9; fi
is_current "$1" && exit 0

# --- what the machine must have, told in one line ------------------------------------------------
missing=""
if command -v python3 >/dev/null 2>&1; then
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "Python 3.11 or newer is needed; python3 is $(python3 --version 2>&1)." >&2
        exit 1
    }
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing="$missing python3-venv"
    if [ "$(uname -s)" = Linux ]; then
        missing="$missing$(python3 - <<'PY'
import ctypes

PACKAGES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
for library, package in PACKAGES.items():
    try:
        ctypes.CDLL(library)
    except OSError:
        print("", package, end="")
PY
)"
    fi
else
    missing=" python3 python3-venv libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
fi
if [ -n "$missing" ]; then
    echo "Missing on this machine. As root:  apt-get install -y$missing" >&2
    exit 1
fi

# --- the environment -----------------------------------------------------------------------------
# Not there, moved here, or of a Python that is gone: from the start.
if ! .venv/bin/python -c '' 2>/dev/null || [ "$(cat .venv/.made-for 2>/dev/null)" != "$(pwd -P)" ]; then
    python3 -m venv --clear .venv
    pwd -P >.venv/.made-for
fi
rm -f .venv/.lock-runtime .venv/.lock-dev
echo "Installing $lock into .venv …" >&2
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
# uv installs several times faster; where it cannot be had or cannot install, pip does the same.
[ -x .venv/bin/uv ] || pip install uv >.venv/uv.log 2>&1 || true
UV_SYSTEM_CERTS=true .venv/bin/uv pip install --quiet --python .venv/bin/python \
    --require-hashes -r "$lock" >.venv/uv.log 2>&1 \
    || pip install --require-hashes -r "$lock"
mark_of "$1" >".venv/.lock-$1"
# The dev lock holds all of the runtime's.
if [ "$1" = dev ]; then mark_of runtime >.venv/.lock-runtime; fi
