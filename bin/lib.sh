# shellcheck shell=bash
# Settings and functions that the scripts in bin/ share. This file is sourced, not run.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

# Tools and build results are stored outside the clone, so that a second clone finds them.
CACHE=${LECTERN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lectern}
TOOLS=$CACHE/tools
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
export PATH="$TOOLS/bin:$ROOT/style/node_modules/.bin:$PATH"
# sqlx checks queries against .sqlx, so that a build needs no database. Only bin/prepare connects to one.
export SQLX_OFFLINE=true
mkdir -p "$TOOLS/bin"

# Cargo compares modification times, which say nothing when another clone used the target folder last: cargo would take that
# clone's program for ours. Touching both entry files makes it compile again.
if [ -d "$CARGO_TARGET_DIR" ] && [ "$(cat "$CARGO_TARGET_DIR/clone" 2>/dev/null || true)" != "$ROOT" ]; then
  touch "$ROOT/src/lib.rs" "$ROOT/src/main.rs"
  printf '%s\n' "$ROOT" >"$CARGO_TARGET_DIR/clone"
fi

# shellcheck disable=SC2034  # read by bin/setup
OS=$(uname -s)
if [ -t 1 ]; then BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'; else BOLD='' DIM='' RED='' GREEN='' PLAIN=''; fi

have() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%s\n' "$*"; }
fail() { printf '%s%s%s\n' "$RED" "$*" "$PLAIN" >&2; exit 1; }

# The exit status of a command that could not do its work on this machine, by the convention of GNU automake for skipped tests.
NOT_RUN=77

# step NAME PURPOSE COMMAND…: runs the command and prints its purpose, its outcome and how long it took. Returns the command's status.
#
# Errexit is off in a function that runs here, as in every `if`, `||` and `&&`: each command of it that may fail ends in `|| return 1`.
step() {
  local name=$1 purpose=$2 start=$SECONDS outcome=0
  shift 2
  printf '%s→ %s%s %s(%s)%s\n' "$BOLD" "$name" "$PLAIN" "$DIM" "$purpose" "$PLAIN"
  "$@" || outcome=$?
  case $outcome in
    0) printf '  %s✓ %s%s, %s s\n' "$GREEN" "$name" "$PLAIN" "$((SECONDS - start))" ;;
    "$NOT_RUN") printf '  – %s not run\n' "$name" ;;
    *) printf '  %s✗ %s failed%s after %s s\n' "$RED" "$name" "$PLAIN" "$((SECONDS - start))" ;;
  esac
  return "$outcome"
}

# Runs a command as root, with sudo where the user is not root.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else fail "This needs root: $*"
  fi
}

# A throw-away PostgreSQL, for tests and for bin/prepare ------------------------------------------------------------------

# Prints the folder of the newest PostgreSQL server programs. Debian does not put them on the PATH.
pg_bin() {
  local folder found=''
  if have initdb; then
    folder=$(dirname "$(readlink -f "$(command -v initdb)")")
    if [ -x "$folder/pg_ctl" ] && [ -x "$folder/psql" ]; then say "$folder"; return; fi
  fi
  for folder in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    [ -x "$folder/initdb" ] || continue
    found=$(printf '%s\n%s\n' "$found" "$folder" | sort -V | tail -n 1)
  done
  [ -n "$found" ] || return 1
  say "$found"
}

# Runs a PostgreSQL program. PostgreSQL refuses to run as root, so root runs it as the user postgres.
pg_run() {
  if [ "$(id -u)" != 0 ]; then "$@"; return; fi
  if have runuser; then runuser -u "$PG_USER" -- "$@"; else su -s /bin/sh "$PG_USER" -c "$(printf '%q ' "$@")"; fi
}

# Starts a server on a free loopback port and sets PG_TEMP_URL. It never flushes to disk, because its data is discarded.
pg_temp_start() {
  local bin port attempt locale
  bin=$(pg_bin) || { say "PostgreSQL's server programs are missing. Run bin/setup." >&2; return 1; }
  PG_USER=postgres
  id -u "$PG_USER" >/dev/null 2>&1 || PG_USER=nobody
  PG_TEMP=$(mktemp -d "${TMPDIR:-/tmp}/lectern-pg.XXXXXX") || return 1
  if [ "$(id -u)" = 0 ]; then chown "$PG_USER" "$PG_TEMP" || return 1; fi
  # The same collation and encoding as the embedded PostgreSQL of the server.
  for locale in C.UTF-8 en_US.UTF-8 C; do
    (cd "$PG_TEMP" && pg_run "$bin/initdb" -D "$PG_TEMP/data" -U postgres -A trust -E UTF8 --locale="$locale" --no-sync >"$PG_TEMP/initdb.log" 2>&1) && break
  done
  [ -d "$PG_TEMP/data/base" ] || { cat "$PG_TEMP/initdb.log" >&2; return 1; }
  for attempt in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    # pg_ctl waits until the server accepts connections, and fails when the port is taken.
    if (cd "$PG_TEMP" && pg_run "$bin/pg_ctl" -D "$PG_TEMP/data" -l "$PG_TEMP/log" -w -t 60 -s -o "-p $port -c listen_addresses=127.0.0.1 \
      -c unix_socket_directories= -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200" start >/dev/null 2>&1); then
      PG_TEMP_PID=$(head -n 1 "$PG_TEMP/data/postmaster.pid" 2>/dev/null || pg_run head -n 1 "$PG_TEMP/data/postmaster.pid")
      PG_TEMP_URL=postgres://postgres@127.0.0.1:$port/postgres
      export PG_TEMP_URL
      PSQL=$bin/psql
      return 0
    fi
  done
  say "A throw-away PostgreSQL did not start after $attempt attempts:" >&2
  cat "$PG_TEMP/log" >&2
  return 1
}

# Stops the server and removes its folder. Does nothing when none was started.
pg_temp_stop() {
  local waited=0
  [ -n "${PG_TEMP:-}" ] || return 0
  if [ -n "${PG_TEMP_PID:-}" ]; then
    kill -INT "$PG_TEMP_PID" 2>/dev/null || true
    while kill -0 "$PG_TEMP_PID" 2>/dev/null && [ "$waited" -lt 100 ]; do sleep 0.1; waited=$((waited + 1)); done
  fi
  rm -rf "$PG_TEMP"
  PG_TEMP='' PG_TEMP_PID=''
}

pg_temp_psql() { "$PSQL" -X -q -v ON_ERROR_STOP=1 "$PG_TEMP_URL" "$@"; }
