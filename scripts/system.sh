#!/usr/bin/env bash
# Brings what tests need of the system where packages may be installed: Chromium and Chinese fonts for the browser tests,
# HAProxy and systemd's checker for the files in deploy/. Elsewhere it says what is skipped.
set -euo pipefail

has_browser() { command -v chromium >/dev/null && fc-list 2>/dev/null | grep -qi 'CJK'; }
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 || echo "apt 安装失败：$*" >&2; }

wanted=()
has_browser || wanted+=(chromium fonts-noto-cjk fontconfig)
command -v haproxy >/dev/null || wanted+=(haproxy)
command -v systemd-analyze >/dev/null || wanted+=(systemd)
[ ${#wanted[@]} -gt 0 ] || exit 0

if may_install; then
    echo "安装测试用的系统软件：${wanted[*]}"
    apt-get update -qq >/dev/null 2>&1 || true
    has_browser || install chromium fonts-noto-cjk fontconfig
    if ! command -v haproxy >/dev/null; then
        install haproxy
        service haproxy stop >/dev/null 2>&1 || true # Debian starts it; the tests only have it read a file
    fi
    command -v systemd-analyze >/dev/null || install systemd
fi
has_browser || echo "没有 Chromium 或中文字体，浏览器测试会跳过（CI=true 时算失败）。要运行它们：apt-get install chromium fonts-noto-cjk fontconfig"
command -v haproxy >/dev/null || echo "没有 HAProxy，deploy/haproxy.cfg 的测试会跳过（CI=true 时算失败）。要运行它：apt-get install haproxy"
command -v systemd-analyze >/dev/null || echo "没有 systemd-analyze，deploy/jianfu.service 的测试会跳过（CI=true 时算失败）。要运行它：apt-get install systemd"
exit 0
