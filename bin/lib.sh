# shellcheck shell=bash
# What the scripts in bin/ share. Sourced, not run.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

# Everything that is built or downloaded stays out of the clone, so that a fresh one is quick.
CACHE=${LECTERN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lectern}
TOOLS=$CACHE/tools
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
export PATH="$TOOLS/bin:$ROOT/style/node_modules/.bin:$PATH"
# Queries are checked against .sqlx, so that a build needs no database. bin/prepare alone asks a real one.
export SQLX_OFFLINE=true
mkdir -p "$TOOLS/bin"

# Cargo tells by the files' times what is new, which say nothing when another clone built last: it would take that one's program for ours.
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

# step NAME PURPOSE COMMAND…: runs it, says what it is for and how long it took.
step() {
  local name=$1 purpose=$2 start=$SECONDS
  shift 2
  printf '%s→ %s%s %s(%s)%s\n' "$BOLD" "$name" "$PLAIN" "$DIM" "$purpose" "$PLAIN"
  if "$@"; then
    printf '  %s✓ %s%s, %s s\n' "$GREEN" "$name" "$PLAIN" "$((SECONDS - start))"
  else
    printf '  %s✗ %s failed%s after %s s\n' "$RED" "$name" "$PLAIN" "$((SECONDS - start))"
    return 1
  fi
}

# Runs a command as root, asking for it only when we are not.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else fail "This needs root: $*"
  fi
}

# A throw-away PostgreSQL, for tests and for bin/prepare ------------------------------------------------------------------

# The folder of PostgreSQL's server programs: the newest there is. Debian keeps them off the PATH.
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

# PostgreSQL refuses to run as root: then its own user runs it.
pg_run() {
  if [ "$(id -u)" != 0 ]; then "$@"; return; fi
  if have runuser; then runuser -u "$PG_USER" -- "$@"; else su -s /bin/sh "$PG_USER" -c "$(printf '%q ' "$@")"; fi
}

# Starts one on a free loopback port and sets PG_TEMP_URL. It does not wait for the disk: nothing in it is worth keeping.
pg_temp_start() {
  local bin port attempt locale
  bin=$(pg_bin) || { say "PostgreSQL's server programs are missing. Run bin/setup." >&2; return 1; }
  PG_USER=postgres
  id -u "$PG_USER" >/dev/null 2>&1 || PG_USER=nobody
  PG_TEMP=$(mktemp -d "${TMPDIR:-/tmp}/lectern-pg.XXXXXX")
  if [ "$(id -u)" = 0 ]; then chown "$PG_USER" "$PG_TEMP"; fi
  # The same order and the same letters as the embedded one has.
  for locale in C.UTF-8 en_US.UTF-8 C; do
    (cd "$PG_TEMP" && pg_run "$bin/initdb" -D "$PG_TEMP/data" -U postgres -A trust -E UTF8 --locale="$locale" --no-sync >"$PG_TEMP/initdb.log" 2>&1) && break
  done
  [ -d "$PG_TEMP/data/base" ] || { cat "$PG_TEMP/initdb.log" >&2; return 1; }
  for attempt in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    # pg_ctl waits until it answers, and fails when somebody has the port.
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

# Stops it and removes its folder. Harmless when there is none.
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
