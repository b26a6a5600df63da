# ruff: noqa: D400 - descriptions that are published end with the Chinese full stop

"""What the API of trainers' rooms takes and gives. Examples and words end up in the OpenAPI description."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.channels.web.api.models import Text
from bot.quiz.item import Form, Kind
from bot.rooms.room import MOST_ITEMS, MOST_NAME, MOST_SECONDS, MOST_TEAMS, Phase, Verdict
from bot.rooms.rules import Action


def _whole(value: object) -> object:
    """JSON knows no integers: 30.0 is as whole a number as 30. All else stays what it is, to be refused."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


#: Comes after a number's bounds: before them, it would keep them out of the description.
_WHOLE = BeforeValidator(_whole)
_Seconds = Annotated[int, Field(ge=0, le=MOST_SECONDS), _WHOLE]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class OpenRequest(_Request):
    """开一个房间；全部可以不写。"""

    scope: Text | None = Field(default=None, max_length=60, description="范围：条款编号或文件编号；不写为全部")
    count: Annotated[int, Field(ge=1, le=MOST_ITEMS), _WHOLE] = Field(default=10, description="几道题")
    seconds: _Seconds = Field(default=30, description="每题几秒；0 为不限时")
    reading_seconds: _Seconds = Field(default=0, description="公布答案后几秒自动到下一题；0 为由培训者点")
    teams: Annotated[int, Field(ge=0, le=MOST_TEAMS), _WHOLE] = Field(
        default=0, description="分几个队，2 到 4；0 为不分"
    )
    named: bool = Field(default=False, description="是否让愿意的人写名字")


class OpenedBody(BaseModel):
    """开好的房间。"""

    code: str = Field(description="编号，六位数字，告诉大家")
    key: str = Field(description="打开控制台的钥匙，只给这一次；控制台是 /room/编号/control#key=钥匙")


class KeyRequest(_Request):
    """控制台的钥匙。"""

    key: Text = Field(max_length=100, description="开房间时得到的 key")


class SeatRequest(_Request):
    """进入房间；再来一次就是换队、改名。"""

    team: Annotated[int, _WHOLE] | None = Field(default=None, description="第几队；房间分队时必填")
    ticket: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{22,64}$",
        description="手机自己取的随机号：回答没有收到而再来一次时，凭它得到同一个座位",
    )
    name: Text | None = Field(
        default=None, max_length=60, description=f"名字，最多 {MOST_NAME} 字；房间记名时可写可不写"
    )


class AnswerRequest(_Request):
    """对现在这一题的回答；第一次的算数。"""

    position: Annotated[int, Field(ge=0, lt=MOST_ITEMS), _WHOLE] = Field(description="第几题，从 0 起")
    choice: list[Annotated[int, Field(ge=0, le=11), _WHOLE]] = Field(
        min_length=1,
        max_length=12,
        description="选项的序号，从 0 起：一项；多选按从小到大；排序按先后全部列出；对应按左列顺序每行一个",
    )


class ActionRequest(_Request):
    """培训者的一个操作。"""

    action: Action | Literal["extend"] = Field(
        description="start 开始，reveal 公布答案，next 下一题，pause 暂停，resume 继续，skip 跳过，extend 加时，end 结束"
    )
    seconds: Annotated[int, Field(ge=1, le=MOST_SECONDS), _WHOLE] = Field(default=30, description="extend 加几秒")
    position: Annotated[int, Field(ge=-1, lt=MOST_ITEMS), _WHOLE] | None = Field(
        default=None, description="按下时看到的是第几题（从 0 起，还没开始为 -1）；房间已在别的题时不做，给 409"
    )


class RoomItemBody(BaseModel):
    """一道题，没有答案。"""

    id: str
    kind: Kind = Field(description="题型")
    kind_name: str = Field(description="题型的名称")
    form: Form = Field(description="怎么答：one 选一项，several 选一项或几项，order 排序，pairs 对应")
    stem: str = Field(description="题干；____ 是空")
    left: list[str] = Field(description="对应题的左列；其他题为空")
    options: list[str] = Field(description="选项")


class SolutionBody(BaseModel):
    """答案和条款，公布以后才有。"""

    key: list[int] = Field(description="正确选项的序号；写法与 choice 相同")
    explanation: str = Field(description="解析")
    clause: str = Field(description="条款的引用编号")
    label: str = Field(description="条款在文件中的位置")
    quote: str = Field(description="条款原文，逐字")
    revised: bool = Field(description="出题以后条款改过（此条已修订）")


class WeakClauseBody(BaseModel):
    """一条需要重读的条款。"""

    clause: str
    label: str
    quote: str = Field(description="条款原文，逐字")
    answered: int = Field(description="答了几人次")
    right: int = Field(description="答对几人次")
    revised: bool = Field(description="出题以后条款改过（此条已修订）")


class RoomBody(BaseModel):
    """房间现在的样子，所有人看到的一样。"""

    code: str
    title: str
    phase: Phase = Field(description="lobby 等人，asking 作答，paused 暂停，shown 已公布答案，over 结束")
    position: int = Field(description="第几题，从 0 起；还没开始为 -1")
    count: int = Field(description="共几题")
    revision: int = Field(description="每变一次加一；作答不算变")
    seconds: int = Field(description="每题几秒；0 为不限时")
    seconds_left: float | None = Field(description="还剩几秒；不计时为 null")
    teams: int = Field(description="分几个队；0 为不分")
    named: bool = Field(description="是否让愿意的人写名字")
    item: RoomItemBody | None = Field(description="现在这一题")
    solution: SolutionBody | None = Field(description="它的答案；公布以前为 null")
    weak: list[WeakClauseBody] = Field(description="结束以后：需要重读的条款，错得最多的在前")


class SeatBody(BaseModel):
    """这部手机的座位。"""

    team: int | None
    name: str | None
    choice: list[int] | None = Field(description="对现在这一题的回答；没答为 null")


class SeatedRoomBody(RoomBody):
    """房间，和这部手机的座位。"""

    seat: SeatBody | None = Field(description="还没进入为 null")


class TeamBody(BaseModel):
    """一个队的合计，只在这一场里有。"""

    team: int
    answered: int = Field(description="答了几人次")
    right: int = Field(description="答对几人次")


class TotalsBody(BaseModel):
    """合计，没有名字。"""

    seats: int = Field(description="进入的人数")
    answered: int = Field(description="这一题已答的人数")
    right: int | None = Field(description="答对的人数；公布以前为 null")
    counts: list[int] = Field(description="各选项被选的次数；公布以前、以及排序和对应题为空")
    teams: list[TeamBody]


class ScreenBody(BaseModel):
    """大屏上的样子。"""

    room: RoomBody
    totals: TotalsBody


class NamedBody(BaseModel):
    """自愿留名的一个人。"""

    name: str
    answered: int
    right: int


class ControlBody(ScreenBody):
    """控制台上的样子。"""

    names: list[NamedBody] = Field(description="结束以后：自愿留名的人，按名字排")
    names_until: date | None = Field(description="这些名字哪一天删除；没有名字为 null")


class AnsweredBody(BaseModel):
    """回答收到了没有。"""

    status: Verdict = Field(description="kept 收到，already 早已收到（第一次的算数），late 这一题已经结束")
    choice: list[int] | None = Field(description="算数的那个回答；没有为 null")


class LeftBody(BaseModel):
    """已离开。"""

    deleted: int = Field(description="删除了几条记录")


class InvitationBody(BaseModel):
    """让手机进来的地址和二维码。"""

    address: str = Field(description="手机打开的地址")
    reachable: bool = Field(description="别的设备能不能打开；false 时看 hint")
    hint: str = Field(description="打不开时怎么办；能打开时为空")
    size: int = Field(description="二维码的边长（格）")
    path: str = Field(description="二维码的黑格，SVG 的 path")


class RoomReportItemBody(BaseModel):
    """一道题的合计。"""

    item: RoomItemBody
    solution: SolutionBody
    answered: int
    right: int
    counts: list[int] = Field(description="各选项被选的次数；排序和对应题为空")


class RoomReportBody(BaseModel):
    """一场的合计，没有名字。"""

    code: str
    title: str
    day: date = Field(description="结束的日期（北京时间）")
    knowledge_version: str
    seats: int
    skipped: int = Field(description="跳过几题，不计入")
    items: list[RoomReportItemBody]
    weak: list[WeakClauseBody] = Field(description="需要重读的条款，错得最多的在前")
