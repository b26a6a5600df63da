"""What the doctor sees of the machine: disk, locked packages, clock, folders, secrets in the environment, the port."""

from __future__ import annotations

import errno
import http.client
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bot.care.finding import Condition, Finding
from bot.config import TOKEN_VARIABLE, Config, api_keys, telegram_token
from knowledge.errors import JianfuError

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
#: Free bytes below which writing soon fails, and below which somebody should look.
FULL, SCARCE = 200_000_000, 1_000_000_000
_TOKEN = re.compile(r"[0-9]{5,}:[A-Za-z0-9_-]{30,}")
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*])?==([^\s;\\]+)\s*\\?$", re.MULTILINE)


def folders(config: Config, state: Path | None) -> dict[str, Path]:
    """Where this installation writes, by what people call it; `state` is the folder of a SQLite database."""
    found = {"索引": config.path(config.index.folder), "模型缓存": config.path(config.model.cache)}
    found["版本副本"] = config.path(config.knowledge.copies)
    return found if state is None else {"数据库": state, **found}


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(one for one in (path, *path.parents) if one.exists())


def disk(places: dict[str, Path]) -> Iterator[Finding]:
    """Free space where each folder lives."""
    for name, path in places.items():
        free = shutil.disk_usage(_existing(path)).free
        state: Condition = "bad" if free < FULL else "note" if free < SCARCE else "good"
        remedy = "" if state == "good" else "腾出空间（至少 1 GB），或在设置里把它换到别的磁盘"
        yield Finding(state, f"磁盘（{name}）", f"{path} 所在处剩 {free / 1e9:.1f} GB", remedy)


def permissions(places: dict[str, Path], state: Path | None) -> Iterator[Finding]:
    """Whether each folder can be written, and nobody else can read the database; `state` is its SQLite file."""
    for name, path in places.items():
        place = _existing(path)
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            yield Finding("bad", f"权限（{name}）", f"{place} 写不进去", f"让运行本程序的用户能写：chmod u+rwx {place}")
        else:
            yield Finding("good", f"权限（{name}）", f"{path} 可写")
    if state is None or not state.exists():
        return
    mode = state.stat().st_mode & 0o777
    if mode & 0o022:
        yield Finding("bad", "权限（数据库文件）", f"{state} 别人也能改（{mode:o}）", f"运行 chmod 600 {state}")
    elif mode & 0o044 and _open_to_all(state.parent):
        yield Finding("note", "权限（数据库文件）", f"{state} 别人也能读（{mode:o}）", f"运行 chmod 600 {state}")
    else:
        yield Finding("good", "权限（数据库文件）", "只有运行本程序的用户能读")


def _open_to_all(folder: Path) -> bool:
    return all(one.stat().st_mode & 0o011 for one in (folder, *folder.parents))


def packages(lock: Path | None = None) -> Finding:
    """Installed packages against requirements.lock."""
    lock = lock or LOCK
    try:
        pinned = _PINNED.findall(lock.read_text("utf8"))
    except OSError:
        return Finding("note", "依赖", f"没有 {lock.name}，无从对照", "若是从源码运行，请取回该文件")
    wrong = []
    for name, wanted in pinned:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "没有安装"
        if found.partition("+")[0] != wanted:
            wrong.append(f"{name} 应为 {wanted}，现为 {found}")
    if wrong:
        more = f" 等 {len(wrong)} 个" if len(wrong) > 3 else ""
        return Finding("bad", "依赖", "；".join(wrong[:3]) + more, "运行 scripts/setup.sh 按锁定的版本重新安装")
    return Finding("good", "依赖", f"{len(pinned)} 个都是锁定的版本")


def clock() -> Finding:
    """Whether the clock can be right: no earlier than this program's own files, no later than this century."""
    now = datetime.now(UTC)
    made = datetime.fromtimestamp(Path(__file__).stat().st_mtime, UTC)
    said = f"现在是 {now:%Y-%m-%d %H:%M} UTC"
    if now.year < 2025 or now.year > 2100 or (made - now).days >= 1:
        return Finding("bad", "时钟", f"{said}，不可能", "校准系统时间（timedatectl set-ntp true）")
    return Finding("good", "时钟", said)


def secrets() -> Iterator[Finding]:
    """The shape of what the environment holds; nothing of it is ever shown."""
    token = telegram_token()
    if token is None:
        yield Finding("good", "Telegram 令牌", f"没有设 {TOKEN_VARIABLE}，只提供网页")
    elif _TOKEN.fullmatch(token):
        yield Finding("good", "Telegram 令牌", "形状对（没有联网核实）")
    else:
        remedy = f"把 @BotFather 给的令牌原样放进 {TOKEN_VARIABLE}"
        yield Finding("bad", "Telegram 令牌", "形状不对，应为 数字:35 个字符", remedy)
    try:
        count = len(api_keys())
    except JianfuError as error:
        yield Finding("bad", "接口密钥", str(error), "改正后重新启动")
    else:
        yield Finding("good", "接口密钥", f"{count} 个" if count else "没有设")


def port(host: str, number: int) -> Finding:
    """Whether the web's port is free, or held by this program. Only this machine is contacted."""
    what = f"端口 {number}"
    if number == 0:
        return Finding("good", what, "每次启动由系统挑选")
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not listened on
    try:
        family = socket.getaddrinfo(here, number, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0][0]
    except OSError:
        family, here = socket.AF_INET, "127.0.0.1" if host == "localhost" else host
    try:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((here, number))
        return Finding("good", what, "空着")
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            if _ours(here, number):
                return Finding("good", what, "本程序正在运行")
            return Finding("bad", what, "被别的程序占用", "停下那个程序，或改 web.port")
        reason = error.strerror or error
        return Finding("bad", what, f"{host} 不能用（{reason}）", "改 web.host 或 web.port")


def _ours(host: str, number: int) -> bool:
    connection = http.client.HTTPConnection(host, number, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return bool(json.loads(connection.getresponse().read(1000)) == {"status": "ok"})
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
