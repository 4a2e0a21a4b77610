"""Whatever is pressed here and rated by phone in whatever order: no tapped level and no
confirmed number is lost, and nothing is counted twice."""

from itertools import chain

import msgspec
from counter_rig import OPENING_KEY, Counter
from device_rig import DEVICE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.core.visit import State
from device.kiosk.actions import Action
from device.kiosk.reception import CHOSEN_MS
from device.kiosk.views import CallbackView
from device.store.briefing import RatedOrder
from protocol.levels import Level
from protocol.records import MatterHandled, Rating, VisitClosed
from protocol.sealing import Place
from protocol.subjects import Subject
from protocol.tags import TAGS

NUMBER = "13904715862"

names = st.sampled_from(
    ["submit", "skip", "change", "back", "callback", "confirm", "nocall", "erase", "clear"]
)
levels = st.builds(Action, st.just("level"), st.integers(1, 5))
deeds = st.one_of(
    names.map(Action),
    levels,
    st.builds(Action, st.just("tag"), st.sampled_from([t for tags in TAGS.values() for t in tags])),
    st.builds(Action, st.just("digit"), st.integers(0, 9)),
    st.builds(Action, st.just("language"), st.sampled_from(["en", "ko", "zh-CN"])),
    st.just("a whole number"),
    st.sets(st.sampled_from(["0317", "M1", "M2"]), min_size=1, max_size=2).map(frozenset),
    st.integers(1, 100_000),  # milliseconds in which nobody does anything
)
together = st.one_of(  # what alone would rarely come in this order
    st.tuples(levels, st.just(Action("callback")), st.just(Action("back")) | st.just(90_000)),
    st.tuples(levels, st.just(Action("change")), levels | st.just(Action("back"))),
    st.tuples(levels, st.just(Action("skip")), st.just(Action("back"))),
)
days = st.lists(deeds.map(lambda deed: (deed,)) | together, min_size=5, max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(days)
def test_what_was_tapped_and_confirmed_is_what_the_ledger_holds(new_home, day: list) -> None:
    counter = Counter(new_home())
    try:
        counter.invite(MatterHandled("M1"), MatterHandled("M2"))
        tapped: dict[str, Level] = {}
        phoned: set[str] = set()
        number = ""
        for deed in chain.from_iterable(day):
            visit = counter.reception.visit
            if visit.state not in (State.RATING, State.REASONS, State.CALLBACK):
                break
            question, before = visit.question.code, counter.view()
            if isinstance(deed, int):
                counter.pass_ms(deed)
            elif isinstance(deed, frozenset):  # a phone rates these
                phoned |= deed
                rated = tuple(
                    (Subject.STAFF if code == "0317" else Subject.MATTER, code) for code in deed
                )
                order = RatedOrder(visit.invitation.visit, rated)
                counter.briefing.instruct("rated", msgspec.json.encode(order))
                counter.reception.refresh(counter.now_ms)
            elif deed == "a whole number":
                counter.do("callback")
                counter.do("clear")
                for digit in NUMBER:
                    counter.do("digit", int(digit))
                if type(counter.view()) is not type(before):
                    assert isinstance(counter.view(), CallbackView)
                counter.do("confirm")
                if visit.state is not State.RATING:
                    number = NUMBER
            else:
                if deed.name == "confirm" and isinstance(before, CallbackView):
                    digits = before.digits.replace(" ", "")
                    number = digits if before.complete else number
                elif deed.name == "nocall" and isinstance(before, CallbackView):
                    number = ""
                counter.reception.act(deed, counter.now_ms)
                if deed.name == "level" and visit.state is State.RATING:
                    tapped[question] = Level(deed.value)
                counter.pass_ms(CHOSEN_MS)
        for _ in range(10):  # everybody goes home
            counter.pass_ms(100_000)
        counter.wait_for(lambda _: counter.reception.visit.state in (State.IDLE, State.THANKS))
        written = counter.records()
    finally:
        counter.close()
    (end,) = (record for record in written if isinstance(record, VisitClosed))
    held = {record.code: record.level for record in written if isinstance(record, Rating)}
    assert held == tapped
    assert (end.rated, end.by_phone) == (len(tapped), len(phoned - tapped.keys()))
    kept = OPENING_KEY.open(end.callback, Place(DEVICE, end.visit)) if end.callback else ""
    assert kept == number
