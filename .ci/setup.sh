#!/usr/bin/env bash
# Sees to it that the system packages are there which cargo cannot bring. Says and does nothing when they are.
#   gcc and g++                             the linker, and the C and C++ parts of crates (H.264: openh264)
#   python3 with pip                        fetches the people data and ONNX Runtime on first use
#   libvulkan.so.1, Mesa's lavapipe driver  the renderer; a GPU's own driver serves too when VK_DRIVER_FILES names it
# Missing ones are installed with apt-get as root or through sudo without a password; otherwise one line names them.
set -uo pipefail

vulkan_loader_is_there() {
    # ldconfig is not on everyone's PATH.
    PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1'
}

vulkan_driver_is_there() {
    [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] && return 0
    local folder manifest
    local IFS=:
    # Where the Vulkan loader looks for driver manifests.
    for folder in /etc ${XDG_DATA_DIRS:-/usr/local/share:/usr/share}; do
        for manifest in "$folder"/vulkan/icd.d/lvp_icd*.json; do
            [ -e "$manifest" ] && return 0
        done
    done
    return 1
}

# The Debian packages that are missing, one a word.
missing_packages() {
    local packages=()
    command -v cc >/dev/null || packages+=(gcc libc6-dev)
    command -v c++ >/dev/null || packages+=(g++)
    command -v python3 >/dev/null || packages+=(python3)
    python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
    vulkan_loader_is_there || packages+=(libvulkan1)
    vulkan_driver_is_there || packages+=(mesa-vulkan-drivers)
    echo "${packages[*]}"
}

give_up() {
    echo "setup: $1" >&2
    exit 1
}

command -v cargo >/dev/null || give_up "cargo was not found; install Rust 1.95.0, see https://rustup.rs"

packages=$(missing_packages)
[ -z "$packages" ] && exit 0

by_hand="missing system packages: $packages; install them, on Debian and Ubuntu with: apt-get install $packages"
command -v apt-get >/dev/null || give_up "$by_hand"
if [ "$(id -u)" = 0 ]; then
    as_root=(env)
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n env)
else
    give_up "$by_hand"
fi

echo "setup: installing $packages"
# A stale package list is no reason to stop: the packages may still be had.
"${as_root[@]}" apt-get update -q >/dev/null || echo "setup: apt-get update failed; trying with the list that is there" >&2
# shellcheck disable=SC2086 # one word a package
"${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $packages >/dev/null ||
    give_up "apt-get failed; $by_hand"

packages=$(missing_packages)
[ -z "$packages" ] || give_up "installed, but still not found: $packages"
