# What the scripts of this folder share. To be sourced from bash, not run.
# shellcheck shell=bash
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

need_root() {  # need_root WHAT-FOR
  [ "$(id -u)" -eq 0 ] || die "$1 needs root; run: sudo $0"
}

# Passes on what a long command says, and where it says nothing, a sign of life every ten seconds.
with_progress() {  # with_progress TITLE COMMAND…
  local title=$1 started=$SECONDS status=0
  shift
  (
    trap 'kill "$nap"; exit' TERM
    while true; do
      sleep 10 &
      nap=$!
      wait "$nap"
      say "   … $title: $((SECONDS - started)) s so far"
    done
  ) &
  local ticker=$!
  "$@" || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  return "$status"
}

sources() {  # every C++ file of the project
  find "$root/dataplane" "$root/control" "$root/test" \( -name '*.cpp' -o -name '*.h' \) -type f | sort
}

shell_scripts() {
  find "$root/scripts" "$root/.ci" "$root/test" -type f | sort | while read -r file; do
    case "$(head -c 64 "$file" | head -n 1 | tr -d '\0')" in
      '#!'*sh | '# What the scripts of this folder share'*) printf '%s\n' "$file" ;;
    esac
  done
}

# Runs a command as whom the checkout belongs to, so that a build under sudo leaves no files of root's in it.
as_owner() {
  local owner
  owner=$(stat -c %U "$root")
  if [ "$(id -u)" -eq 0 ] && [ "$owner" != root ] && [ "$owner" != UNKNOWN ]; then
    runuser -u "$owner" -- "$@"
  else
    "$@"
  fi
}

# Sets up a build folder where there is none, or gives the one that exists these options.
configure() {  # configure FOLDER OPTIONS…
  local folder=$1
  shift
  if [ -f "$folder/build.ninja" ]; then
    as_owner meson configure "$folder" "$@" >/dev/null
  else
    as_owner meson setup "$folder" "$root" "$@"
  fi
}

# The lcores of a small director in EAL's --lcores syntax: the control thread on the first CPU this process may use, a
# worker on the second, or both on the only one.
small_lcores() {
  local cpus
  mapfile -t cpus < <(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' |
    awk -F- '{last = NF > 1 ? $2 : $1; for (cpu = $1; cpu <= last; cpu++) print cpu}')
  if [ "${#cpus[@]}" -ge 2 ]; then
    printf '0@%s,1@%s\n' "${cpus[0]}" "${cpus[1]}"
  else
    printf '0@%s\n' "${cpus[0]}"
  fi
}
