"""A large hall at one window: 10,000 staff and 5,000 matters, beside the PIN's own cost.

The configuration is signed, verified and laid out through the agent's own `Briefing`. A
log-in is `Gate.check_pin` on the real files; beside it, in the same run, the argon2id check
alone. A search is `matter_search.search` over `Roll.matters`, as the screen's pad and the
console do it: a key, a list.
"""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TypeVar

from device.core.matter_search import search
from device.store.backlog import Backlog
from device.store.briefing import Briefing
from device.store.gate import Admitted, Gate
from device.store.home import Home
from device.store.ledger import Ledger
from device.store.roll import Roll
from device.store.schema import migrate
from protocol import configuration
from protocol.configuration import Configuration, Hall, Matter, StaffMember, Window
from protocol.credentials import card_hash, pin_matches, pin_verifier
from protocol.keys import SigningKey
from tests.benchmarks import figures
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure, median, spread

STAFF, MATTERS = 10_000, 5_000
TARGET_MS = 200.0
PIN, BADGE = "314159", "0012345678"
QUERIES = ("b", "bdc", "dj", "2", "232", "15002", "登记", "99999")
_INITIALS = "abcdefghjklmnpqrstwxyz"

T = TypeVar("T")


def run(bench: Bench) -> figures.Outcome:
    """Measure taking the roll over, log-ins, and searches."""
    home = Home(bench.folder / "device")
    migrate(home)
    bench.say("making the roll")
    key = SigningKey.generate()
    signed = configuration.sign(_large_hall(), key)
    with ExitStack() as stack:
        briefing = stack.enter_context(closing(Briefing(home)))
        verify_ms, document = _timed(lambda: configuration.verify(signed, key.public))
        apply_ms, _ = _timed(lambda: briefing.apply(document, signed, "v1"))
        roll = stack.enter_context(closing(Roll(home)))
        backlog = stack.enter_context(closing(Backlog(home)))
        ledger = stack.enter_context(closing(Ledger(home, "hcp-bench", key)))
        gate = Gate(roll, ledger.lockouts(), (roll, backlog), lambda _: None)
        times = bench.times(100, 20)
        verifier = document.staff[0].pin_verifier
        pins, cards, bare, bare_cards = [], [], [], []
        for number in range(times):
            bench.say(f"log-in {number + 1} of {times}")
            staff = f"{random.randrange(STAFF):05}"
            pins.append(_admitted(gate, lambda staff=staff: gate.check_pin(staff, PIN)))
            bare.append(_timed(lambda: pin_matches(PIN, verifier))[0])
            cards.append(_admitted(gate, lambda: gate.check_card(BADGE)))
            bare_cards.append(_timed(lambda: card_hash(BADGE, "BH"))[0])
        load_ms, entries = _timed(roll.matters)
        searches = [
            _timed(lambda query=query: search(entries, query, 50))[0]
            for _ in range(bench.times(50, 10))
            for query in QUERIES
        ]
    beside = [mine - floor for mine, floor in zip(pins, bare, strict=True)]
    beside_cards = [mine - floor for mine, floor in zip(cards, bare_cards, strict=True)]
    lines = [
        _line("log-in by PIN, beside the hash", beside, f"argon2id alone: {spread(bare)}"),
        _line("log-in by badge, beside the hash", beside_cards, f"alone: {spread(bare_cards)}"),
        _line(f"search among {MATTERS:,} matters, one key", searches, ""),
        Figure(
            f"staff: take over {STAFF:,} staff, {MATTERS:,} matters",
            f"{apply_ms:.0f} ms",
            f"verify and decode {len(signed) / 1e6:.1f} MB: {verify_ms:.0f} ms",
        ),
    ]
    notes = [
        f"reading all matters for a search: {load_ms:.1f} ms, once a page; a log-in by PIN takes "
        f"{median(pins):.1f} ms in all, of which two durable commits and the hash are most"
    ]
    return figures.Outcome(lines, notes)


def _line(name: str, values: list[float], beside: str) -> Figure:
    return Figure(
        f"staff: {name}",
        spread(values),
        beside,
        None,
        f"<= {TARGET_MS:.0f} ms",
        max(values) <= TARGET_MS,
    )


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = work()
    return (time.perf_counter() - began) * 1000, result


def _admitted(gate: Gate, check: Callable[[], object]) -> float:
    taken, verdict = _timed(check)
    if not isinstance(verdict, Admitted):
        raise RuntimeError(f"the log-in was refused: {verdict}")
    return taken


def _large_hall() -> Configuration:
    """One PIN for all, since making 10,000 verifiers is central's work and not measured here."""
    rng = random.Random(4)
    verifier, badge = pin_verifier(PIN), card_hash(BADGE, "BH")
    staff = tuple(
        StaffMember(
            *(f"{number:05}", "王晓燕", "综合窗口", "不动产登记", verifier),
            badge=badge if number == STAFF // 2 else "",
        )
        for number in range(STAFF)
    )
    matters = tuple(
        Matter(
            f"11210100000000000142{number:011}",
            f"不动产转移登记第{number}类",
            "".join(rng.choices(_INITIALS, k=rng.randint(4, 12))),
        )
        for number in range(MATTERS)
    )
    window = Window("BH-012", "12", matters=tuple(matter.code for matter in matters[:12]))
    return Configuration("hcp-bench", 1, Hall("BH", "滨河区政务服务中心"), window, staff, matters)
