#!/usr/bin/env bash
# Prepares this machine for the repository: system packages, a virtual environment, Python packages. `make setup` calls it.
#
#   VENV    the environment's directory (default .venv)
#   PYTHON  the Python to make it from (default: the first of python3, python3.13, ... that is 3.11 to 3.13)
#   TORCH   cpu: PyTorch's CPU build; cuda: the default build, gigabytes; system: the torch that PYTHON already has;
#           auto (default): cpu without an NVIDIA GPU; with one, system if that torch is new enough, else cuda
set -euo pipefail
cd "$(dirname "$0")/.."

VENV=${VENV:-.venv}
TORCH=${TORCH:-auto}
LOG=$VENV/setup.log
CPU_PIN=constraints-cpu.txt
CPU_INDEX=https://download.pytorch.org/whl/cpu  # asked for torch alone, and only if pip's own indexes lack the CPU build

say() { printf '%s\n' "setup: $*"; }
die() { printf '%s\n' "setup: $*" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  die "no Python 3.11, 3.12 or 3.13 found (looked for: ${PYTHON:-python3, python3.13, python3.12, python3.11})." \
    "Install one (Debian 12, Ubuntu 24.04 and newer: apt-get install python3), or name it: make setup PYTHON=/path/to/python"
}

# Prints the Debian names of the system packages that this machine lacks.
missing_packages() {
  bwrap --version >/dev/null 2>&1 || echo bubblewrap
  "$python" -c 'import ctypes; ctypes.CDLL("libseccomp.so.2")' 2>/dev/null || echo libseccomp2
  # Debian splits ensurepip from python3; an environment that exists already does not need it.
  [ -x "$VENV/bin/python" ] || "$python" -c 'import ensurepip' 2>/dev/null ||
    "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
}

install_system_packages() {
  local missing as_root=()
  missing=$(missing_packages | paste -sd ' ')
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null ||
    die "missing: $missing (Debian's names). Install them with your system's package manager, then run make again."
  if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
    "${as_root[@]}" true 2>/dev/null || die "missing: $missing. Install them, then run make again:

    sudo apt-get update && sudo apt-get install -y $missing
"
  fi
  say "system packages: $missing"
  "${as_root[@]}" apt-get update -qq
  # shellcheck disable=SC2086  # one word a package
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

choose_torch() {
  case $TORCH in
    cpu | cuda | system) echo "$TORCH" ;;
    auto)
      if [ ! -e /dev/nvidiactl ]; then echo cpu
      elif "$python" -c 'import sys, torch; sys.exit(torch.version.cuda is None or
            tuple(map(int, torch.__version__.split(".")[:2])) < (2, 11))' 2>/dev/null; then echo system
      else echo cuda; fi ;;
    *) die "TORCH=$TORCH is not one of auto, cpu, cuda, system" ;;
  esac
}

make_environment() {
  local options=()
  "$VENV/bin/python" -c '' 2>/dev/null && return
  say "environment: $VENV from $python ($("$python" --version))"
  [ "$torch" != system ] || options+=(--system-site-packages)
  # Only what is an environment already, broken by an upgrade of its Python say, may be emptied.
  [ ! -e "$VENV/pyvenv.cfg" ] || options+=(--clear)
  "$python" -m venv "${options[@]}" "$VENV"
}

pip_install() {
  "$VENV/bin/python" -m pip install --disable-pip-version-check --progress-bar off "$@" 2>&1
}

# Reads pip's lines; tells how far it is, in a line that is written over on a terminal and now and then elsewhere.
show_progress() {
  local line found=0 over='' width
  [ ! -t 1 ] || over=$'\r\033[K'
  while IFS= read -r line; do
    case $line in
      Collecting\ *)
        found=$((found + 1))
        if [ -n "$over" ]; then printf '%s    %d: %s' "$over" "$found" "${line#Collecting }"
        elif [ $((found % 40)) -eq 0 ]; then printf '    %d packages found\n' "$found"; fi ;;
      Installing\ collected\ packages:*)
        width=${line//[^,]/}
        printf '%s    installing %d packages, about a minute ...\n' "$over" $((${#width} + 1)) ;;
    esac
  done
  printf '%s' "$over"
}

install_packages() {
  say "$1"
  shift
  pip_install "$@" | tee -a "$LOG" | show_progress || {
    tail -n 15 "$LOG" >&2
    die "pip failed; all it said is in $LOG"
  }
}

install_torch() {
  local pin
  pin=$(grep '^torch==' "$CPU_PIN")
  case $torch in
    cpu)
      say "PyTorch, CPU build (${pin#torch==})"
      # --no-deps: what torch needs comes with the other packages, from pip's own indexes.
      pip_install --no-deps "$pin" >>"$LOG" && return
      pip_install --no-deps --retries 1 --index-url "$CPU_INDEX" "$pin" >>"$LOG" && return
      grep '^ERROR' "$LOG" | cut -c 1-200 >&2
      die "the CPU build of PyTorch is neither on pip's indexes nor on $CPU_INDEX; the log is $LOG." \
        "With a torch of your own: make setup TORCH=system" ;;
    cuda)
      "$VENV/bin/python" -c 'import sys, torch; sys.exit("+cpu" in torch.__version__)' 2>/dev/null ||
        "$VENV/bin/python" -m pip uninstall --yes torch >>"$LOG" 2>&1
      install_packages "PyTorch with CUDA (gigabytes)" --constraint constraints.txt "${pin%+cpu}" ;;
    system)
      "$VENV/bin/python" -c 'import torch' 2>>"$LOG" ||
        die "TORCH=system, but $VENV/bin/python finds no torch. Remove $VENV and run again with a PYTHON that has one," \
          "or use TORCH=cpu or TORCH=cuda" ;;
  esac
}

python=$(find_python)
torch=$(choose_torch)
install_system_packages
make_environment
: >"$LOG"
install_torch
constraints=(--constraint constraints.txt)
[ "$torch" != cpu ] || constraints+=(--constraint "$CPU_PIN")  # nothing may replace it by the build with CUDA
install_packages "packages" "${constraints[@]}" --editable '.[gp,hub,audit,dev]'
say "ready: $VENV"
