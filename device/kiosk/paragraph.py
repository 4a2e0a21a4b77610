"""Where a notice breaks into lines: not inside a word, and with no character left alone.

Chinese has no spaces, and a notice broken wherever the line is full reads badly from across
a hall. Breaks after punctuation and at spaces cost little, breaks inside of a run of
ideographs more, and inside of a word that notices of halls are full of most; of all ways to
break, the one that costs least and keeps lines of like length is taken. Values come in,
lines go out: how wide a text is, is the caller's to say.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

_NO_START = frozenset("，。、；：？！）》〉」』】〕％”’…—–·,.;:?!)]}%")
_NO_END = frozenset("（《〈「『【〔“‘([{¥￥")
_STOPS = frozenset("。！？；")
_PAUSES = frozenset("，、：）》」』】”")
_COUNTED = frozenset("年月日号时点分秒个项件条天周层楼室次元岁人份页张")
"""What belongs to the number before it."""
_OPENING = frozenset("请可为在从自至将已无不须需凭持到于与和及或并但如若因由向对把被按经各每本该周")
"""Characters that more often begin a phrase than end one."""
_CLOSING = frozenset("省市州县区旗镇乡局厅处科室所院站会心")
"""Characters that more often end a name than begin one."""
_LEXICON = """
照常办理 无需预约 敬请谅解 办理 预约 窗口 登记 业务 服务 政务 大厅 中心
星期 周一 周二 周三 周四 周五 周六 周日 工作日 节假日 休息 法定 放假 正常 调整
材料 证明 身份证 居住证 社保卡 社保 医保 公积金 不动产 营业执照 网上 手机
时间 上午 下午 中午 通知 公告 携带 原件 复印件 无需 需要 可以 已经 启用 暂停
恢复 开放 关闭 取号 叫号 自助 自助机 取证机 拨打 电话 咨询 群众 企业 税务 公安
户籍 婚姻 出入境 延时 提前 请您 您的 本人 代办 预审 缴费 领取 补办 注销 变更
转移 首次 抵押 抵押权 查询 户口 机动车 驾驶证 核发 申领 许可证 参加
评价 工作人员 自由 贸易 试验区 区块 片区 开发区 高新区 经济 技术 自治
行政 审批 便民 公共 资源 交易 人民 政府 数字 发展 监督 管理 综合 受理 高级 专员
"""
_WORDS = tuple(_LEXICON.split())
"""Words that notices and names of halls are made of; all others may break anywhere."""

# What breaks cost, against each other.
_AT_PAUSE, _AT_SPACE, _BETWEEN_SCRIPTS = 0.05, 0.2, 0.5
_BEFORE_OPENING, _IN_RUN, _IN_WORD = 0.6, 1.0, 4.0
_ORPHAN = 2.5
"""One character alone at the end of a line or at its beginning."""
_SLACK, _LINE = 2.5, 0.3
"""A line that is half empty, and a line more."""


class _Break(NamedTuple):
    """A place where a line may end."""

    at: int
    """Index of the character that would begin the next line."""
    cost: float


def broken(
    text: str, wide: Callable[[str], float], room: float, rows: int, whole_words: bool = False
) -> tuple[str, ...] | None:
    """Return ``text`` in at most ``rows`` lines no wider than ``room``; None if it takes more.

    ``wide`` says how wide a piece of text is. A line break in the text stays one. With
    ``whole_words`` no line ends within one of the words known here.
    """
    lines: list[str] = []
    for part in text.splitlines() or [""]:
        found = _paragraph(part.strip(), wide, room, rows - len(lines), whole_words)
        if found is None:
            return None
        lines += found
    return tuple(lines)


def _paragraph(
    text: str, wide: Callable[[str], float], room: float, rows: int, whole_words: bool
) -> tuple[str, ...] | None:
    if rows <= 0:
        return None
    if not text:
        return ("",)
    breaks = [_Break(0, 0), *_breaks(text, whole_words), _Break(len(text), 0)]
    widths = [wide(text[one.at : after.at]) for one, after in pairwise(breaks)]
    # best[lines][i]: what it costs to have set everything before break i in so many lines.
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    last = len(breaks) - 1
    for _ in range(rows):
        reached: dict[int, tuple[float, int]] = {}
        for begin, (cost, _) in best[-1].items():
            filled = 0.0
            for end in range(begin + 1, last + 1):
                filled += widths[end - 1]
                if filled > room and wide(text[breaks[begin].at : breaks[end].at].rstrip()) > room:
                    break
                total = cost + _LINE + breaks[end].cost
                total += _raggedness(text, breaks[begin].at, breaks[end].at, filled / room)
                if end not in reached or total < reached[end][0]:
                    reached[end] = (total, begin)
        best.append(reached)
    ends = [(each[last][0], count) for count, each in enumerate(best) if last in each]
    if not ends:
        return None
    _, count = min(ends)
    at, lines = last, []
    while count:
        begin = best[count][at][1]
        lines.append(text[breaks[begin].at : breaks[at].at].strip())
        at, count = begin, count - 1
    return tuple(reversed(lines))


def _raggedness(text: str, begin: int, end: int, share: float) -> float:
    """Return what a line costs that fills ``share`` of its room."""
    words = text[begin:end].strip().rstrip("".join(_NO_START))
    orphan = _ORPHAN if begin and len(words) < 2 else 0
    if end == len(text):
        return orphan + _SLACK * 0.25 * max(0.0, 0.5 - share)
    return orphan + _SLACK * max(0.0, 1 - share) ** 2


def _breaks(text: str, whole_words: bool) -> list[_Break]:
    inside = _inside_words(text)
    found = []
    for at in range(1, len(text)):
        cost = _cost(text, at, inside)
        if cost is not None and not (whole_words and cost >= _IN_WORD):
            found.append(_Break(at, cost))
    return found


def _inside_words(text: str) -> frozenset[int]:
    """Return the places between two characters of one word."""
    inside: set[int] = set()
    for word in _WORDS:
        at = text.find(word)
        while at >= 0:
            inside.update(range(at + 1, at + len(word)))
            at = text.find(word, at + 1)
    return frozenset(inside)


def _cost(text: str, at: int, inside: frozenset[int]) -> float | None:
    """Return what a break before the character ``at`` costs; None if there must be none."""
    before, after = text[at - 1], text[at]
    if after == " " or after in _NO_START or before in _NO_END:
        return None
    if before in _STOPS:
        return 0
    if before in _PAUSES:
        return _AT_PAUSE
    if before == " ":
        return _AT_SPACE
    if not (_ideograph(before) or _ideograph(after)):
        return None
    counted = before.isdigit() and after in _COUNTED
    if counted or before == "第" or (before in "年月" and after.isdigit()) or at in inside:
        return _IN_WORD
    if not (_ideograph(before) and _ideograph(after)):
        return _BETWEEN_SCRIPTS
    opens = after in _OPENING or (before in _CLOSING and after not in _CLOSING)
    cost = _BEFORE_OPENING if opens else _IN_RUN
    # A single character before or after a break belongs to the other side.
    alone = at + 1 < len(text) and not _ideograph(text[at + 1])
    alone = alone or (at > 1 and not _ideograph(text[at - 2]))
    return cost + _ORPHAN if alone else cost


def _ideograph(character: str) -> bool:
    return (
        "\u2e80" <= character <= "\u9fff" and character not in _PAUSES | _STOPS
    ) or "\U00020000" <= character <= "\U0003ffff"
