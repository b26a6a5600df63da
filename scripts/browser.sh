#!/usr/bin/env bash
# Brings Chromium and Chinese fonts for the browser tests where system packages may be installed; else says what is skipped.
set -euo pipefail
command -v chromium >/dev/null && fc-list 2>/dev/null | grep -qi 'CJK' && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "安装 Chromium 和中文字体（浏览器测试用）"
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig) >/dev/null 2>&1 && exit 0
    echo "apt 安装 Chromium 失败" >&2
fi
command -v chromium >/dev/null || echo "没有 Chromium，浏览器测试会跳过（CI=true 时算失败）。要运行它们：apt-get install chromium fonts-noto-cjk"
exit 0
