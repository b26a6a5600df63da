#!/usr/bin/env bash
# Makes .venv ready: setup.sh run | dev. Does nothing when it already is.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-run}
lock=requirements.lock
[ "$kind" = dev ] && lock=requirements-dev.lock
python=${PYTHON:-python3}
log=.venv/setup.log

say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

wanted=$(cat "$lock" pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1)
stamp=.venv/ready-$kind
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x .venv/bin/jianfu ]; then
    exit 0
fi

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    fail "需要 Python 3.11 或更新版本。Debian 12：apt-get install python3 python3-venv，或用 PYTHON=/路径/python3.11 make run"

offline=()
if [ -d wheels ]; then # an offline bundle (bundle.sh)
    found=$("$python" scripts/platform_tag.py)
    [ "$found" = "$(cat wheels/PLATFORM)" ] ||
        fail "这份离线包要 $(cat wheels/PLATFORM)，这里的 Python 是 $found。换成那个版本的 Python（PYTHON=/路径/python3.x make run），或在同样的机器上重做离线包"
    (cd wheels && sha256sum --quiet -c SHA256SUMS) || fail "离线包里有文件缺了或坏了；请重新拷贝一份，核对 sha256 再解开"
    offline=(--no-index --find-links wheels)
fi

if [ ! -x .venv/bin/pip ]; then
    say "[1/3] 建立虚拟环境 .venv"
    "$python" -m venv .venv || fail "建不了虚拟环境。Debian 12：apt-get install python3-venv，然后再运行一次"
fi

install() { .venv/bin/pip install --disable-pip-version-check "${offline[@]}" "$@" 2>>"$log" || { tail -n 15 "$log" >&2; fail "安装失败，全部日志在 $log；检查网络或软件源后再运行一次，会接着装"; }; }
# What pip is doing, a short line each; nothing where all is there already, and that is no failure.
briefly() { { grep -E --line-buffered '^(Collecting|Installing|Successfully)' || true; } | cut -c1-100; }

: > "$log"
say "[2/3] 安装依赖（按 $lock 逐个核对哈希；首次约需几分钟）"
install --progress-bar on --require-hashes --no-deps -r "$lock" | briefly
say "[3/3] 安装 torch（CPU）和本程序"
install torch==2.13.0 | briefly
install --quiet --no-deps --no-build-isolation -e .
echo "$wanted" > "$stamp"
[ "$kind" = dev ] && echo "$(cat requirements.lock pyproject.toml scripts/setup.sh | sha256sum | cut -d' ' -f1)" > .venv/ready-run
exit 0
