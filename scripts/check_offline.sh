#!/usr/bin/env bash
# Installs an offline bundle where there is no network, and asks a question: check_offline.sh BUNDLE.tar (as root).
#
# The process gets a network namespace of its own with nothing in it but loopback, an empty home, and no pip settings.
set -euo pipefail
bundle=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$(dirname "$bundle")" && sha256sum -c "$(basename "$bundle").sha256")
tar -xf "$bundle" -C "$work"
cd "$work"/jianfu-offline-*
mkdir "$work/home"
PATH=$PATH:/usr/sbin unshare --net env -i HOME="$work/home" PATH="$PATH" PIP_CONFIG_FILE=/dev/null LANG=C.UTF-8 bash -euc '
    ip link set lo up
    ! (exec 3<>/dev/tcp/1.1.1.1/80) 2>/dev/null || { echo "还连得上网，这次检查不算数" >&2; exit 1; }
    scripts/setup.sh run
    .venv/bin/jianfu prepare
    .venv/bin/jianfu ask --json "一个文件最多几页" | tee answer.json
    grep -q "\"2.2\"" answer.json
'
echo "没有网也装得上、答得出。"
