#!/usr/bin/env bash
# Makes one file that installs jianfu on a machine without a network: bundle.sh [FOLDER]. What is committed goes in.
#
# Unpacked there, `make run` finds the folder wheels/ and asks no registry (setup.sh). The wheels are for this machine's
# Python and processor; their hashes are those of requirements.lock, and SHA256SUMS covers torch, which is not in it.
set -euo pipefail
cd "$(dirname "$0")/.."

into=$(realpath -m "${1:-dist}")
say() { printf '\033[1m%s\033[0m\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

[ -z "$(git status --porcelain)" ] || fail "有改动还没有提交；离线包只装提交过的内容。请先 git commit，再运行一次"
platform=$(.venv/bin/python scripts/platform_tag.py)
name=jianfu-offline-$(git describe --always --tags)-$platform
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "[1/3] 取出已提交的源码"
mkdir -p "$work/$name/wheels" "$into"
git archive HEAD | tar -x -C "$work/$name"
say "[2/3] 下载依赖（约 1 GB，逐个核对哈希）"
download() { .venv/bin/pip download --disable-pip-version-check --quiet --no-deps -d "$work/$name/wheels" "$@"; }
download --require-hashes -r requirements.lock
download torch==2.13.0
find "$work/$name/wheels" -name '*.tar.gz' -print -exec .venv/bin/pip wheel --quiet --no-deps --no-build-isolation -w "$work/$name/wheels" {} \;
(cd "$work/$name/wheels" && echo "$platform" > PLATFORM && sha256sum -- * > SHA256SUMS)
say "[3/3] 打包"
tar -C "$work" -cf "$into/$name.tar.part" "$name"
mv "$into/$name.tar.part" "$into/$name.tar"
(cd "$into" && sha256sum "$name.tar" > "$name.tar.sha256")
say "做好了：$into/$name.tar（$(du -h "$into/$name.tar" | cut -f1)）"
echo "拷到没有网的机器上：sha256sum -c $name.tar.sha256，tar -xf $name.tar，cd $name，make run"
