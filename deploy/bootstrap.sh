#!/bin/sh
# Make .venv from the hashed lock with the machine's python3. Usage: bootstrap.sh runtime|dev
# A second run with the same lock does nothing.
set -eu
cd "$(dirname "$0")/.."
which=${1:-runtime}
lock=deploy/lock/$which.txt
mark=.venv/.lock-$which

# --- what the machine must have, told in one line ------------------------------------------------
missing=""
command -v python3 >/dev/null 2>&1 || missing="$missing python3"
if command -v python3 >/dev/null 2>&1; then
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
        echo "Python 3.11 or newer is needed; python3 is $(python3 --version 2>&1)" >&2
        exit 1
    }
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing="$missing python3-venv"
    has_library() {
        python3 - "$1" <<'PY'
import ctypes, sys
try:
    ctypes.CDLL(sys.argv[1])
except OSError:
    sys.exit(1)
PY
    }
    if [ "$(uname -s)" = Linux ]; then
        has_library libpango-1.0.so.0 || missing="$missing libpango-1.0-0"
        has_library libpangoft2-1.0.so.0 || missing="$missing libpangoft2-1.0-0"
        has_library libharfbuzz-subset.so.0 || missing="$missing libharfbuzz-subset0"
    fi
fi
if [ -n "$missing" ]; then
    echo "Missing on this machine. Run:  apt-get install -y$missing" >&2
    exit 1
fi

# --- the environment -----------------------------------------------------------------------------
is_current() { [ -f "$mark" ] && cmp -s "$lock" "$mark"; }
is_current && exit 0
exec 9>.bootstrap.lock
if command -v flock >/dev/null 2>&1; then flock 9; fi
is_current && exit 0
[ -x .venv/bin/python ] || python3 -m venv .venv
if [ ! -x .venv/bin/uv ]; then
    # uv installs several times faster; where it cannot be had, pip does the same.
    .venv/bin/python -m pip install --quiet --disable-pip-version-check uv >/dev/null 2>&1 || true
fi
installed=no
if [ -x .venv/bin/uv ]; then
    .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r "$lock" \
        && installed=yes || echo "uv could not install the lock; trying pip" >&2
fi
if [ "$installed" = no ]; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
fi
cp "$lock" "$mark"
# The dev lock holds all of the runtime's.
if [ "$which" = dev ]; then cp deploy/lock/runtime.txt .venv/.lock-runtime; fi
