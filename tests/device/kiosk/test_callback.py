"""The call-back at the counter: offered to everybody alike, readable by central alone."""

import base64
import io
import logging
from collections.abc import Iterator

import pytest
from counter_rig import OPENING_KEY, WALL, Counter
from device_rig import DEVICE

from device.core.visit import State
from device.kiosk.rehearsal import Shown, _described
from device.kiosk.views import CallbackView, NoticeView, RatingView, ReasonsView, ThanksView
from device.store.home import Home
from protocol import sealing
from protocol.errors import BadSeal
from protocol.records import Fault, Outcome, Rating, VisitClosed
from protocol.sealing import Place

CANARY = "13904715862"


@pytest.fixture
def counter(home: Home) -> Iterator[Counter]:
    counter = Counter(home)
    yield counter
    counter.close()


def type_in(counter: Counter, number: str) -> None:
    for digit in number:
        counter.do("digit", int(digit))


def at_the_pad(counter: Counter, level: int = 2) -> CallbackView:
    counter.do("rate")
    counter.choose(level)
    counter.do("callback")
    view = counter.view()
    assert isinstance(view, CallbackView)
    return view


def closed(counter: Counter) -> VisitClosed:
    end = counter.records()[-1]
    assert isinstance(end, VisitClosed)
    return end


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_every_level_offers_the_same_pad(counter: Counter, level: int):
    counter.do("rate")
    counter.choose(level)
    reasons = counter.view()
    assert isinstance(reasons, ReasonsView)
    assert reasons.callback is False
    counter.do("callback")
    view = counter.view()
    assert isinstance(view, CallbackView)
    assert view._replace(chrome=None) == (None, "", False, "", False)


def test_where_central_gave_no_key_no_level_offers_a_call_back(home: Home):
    counter = Counter(home, sealing_key=b"")
    try:
        counter.do("rate")
        for level in (1, 5):
            counter.choose(level)
            assert counter.view().callback is None
            counter.do("callback")
            assert isinstance(counter.view(), ReasonsView)
            counter.do("change")
    finally:
        counter.close()


def test_a_number_that_cannot_be_sealed_is_dropped_and_not_said_to_be_saved(
    home: Home, caplog: pytest.LogCaptureFixture
):
    counter = Counter(home, sealing_key=bytes(32))  # no point to seal for
    try:
        at_the_pad(counter)
        type_in(counter, CANARY)
        counter.do("confirm")
        assert counter.view().callback is False
        assert "could not be sealed" in caplog.text
        assert CANARY not in caplog.text
    finally:
        counter.close()


def test_a_confirmed_number_reaches_the_record_and_central_can_read_it(counter: Counter):
    at_the_pad(counter)
    type_in(counter, CANARY)
    view = counter.view()
    assert (view.digits, view.complete) == ("139 0471 5862", True)
    counter.do("confirm")
    reasons = counter.view()
    assert isinstance(reasons, ReasonsView)
    assert (reasons.callback, reasons.level) == (True, 2)
    counter.do("submit")
    counter.wait_for(ThanksView)
    end = closed(counter)
    assert OPENING_KEY.open(end.callback, Place(DEVICE, end.visit)) == CANARY


def test_what_cannot_be_a_number_is_not_taken_and_the_screen_says_why(counter: Counter):
    at_the_pad(counter)
    type_in(counter, "138")
    assert counter.view().problem == ""
    counter.do("confirm")
    assert counter.view().problem == "cb.bad"
    type_in(counter, "0")
    assert counter.view().problem == ""
    counter.do("clear")
    type_in(counter, "12345678901")
    counter.do("confirm")
    assert counter.view().problem == "cb.wrong"
    counter.do("erase")
    assert counter.view().digits == "123 4567 890"


def test_a_number_saved_can_be_seen_as_saved_only_and_taken_back(counter: Counter):
    at_the_pad(counter)
    type_in(counter, CANARY)
    counter.do("confirm")
    counter.do("callback")
    view = counter.view()
    assert (view.digits, view.saved) == ("", True)
    counter.do("nocall")
    assert counter.view().callback is False
    counter.do("submit")
    counter.wait_for(ThanksView)
    assert closed(counter).callback == b""


def test_whoever_leaves_the_pad_goes_back_to_the_reasons_without_a_number(counter: Counter):
    at_the_pad(counter)
    type_in(counter, CANARY[:7])
    counter.pass_ms(89_999)
    assert isinstance(counter.view(), CallbackView)
    counter.pass_ms(1)
    view = counter.view()
    assert isinstance(view, ReasonsView)
    assert (view.level, view.callback) == (2, False)
    counter.do("callback")
    assert counter.view().digits == ""


def test_the_rule_pack_says_how_long_the_pad_waits(counter: Counter):
    counter.configure("0317", version=2, callback_seconds=10)
    counter.reception.refresh(counter.now_ms)
    at_the_pad(counter)
    counter.pass_ms(10_000)
    assert isinstance(counter.view(), ReasonsView)


def test_back_leaves_a_saved_number_as_it_is(counter: Counter):
    at_the_pad(counter)
    type_in(counter, CANARY)
    counter.do("confirm")
    counter.do("callback")
    counter.do("back")
    assert counter.view().callback is True


def test_confirming_nothing_keeps_the_number_that_was_left_before(counter: Counter):
    at_the_pad(counter)
    type_in(counter, CANARY)
    counter.do("confirm")
    sealed = counter.reception.visit.callback
    counter.do("callback")
    counter.do("confirm")
    assert counter.view().callback is True
    assert counter.reception.visit.callback == sealed != b""


def test_a_second_number_that_cannot_be_sealed_leaves_the_first(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
):
    at_the_pad(counter)
    type_in(counter, CANARY)
    counter.do("confirm")
    sealed = counter.reception.visit.callback
    counter.do("callback")

    def fails(*_: object) -> bytes:
        raise BadSeal("no point of the curve")

    monkeypatch.setattr(sealing, "seal", fails)
    type_in(counter, CANARY)
    counter.do("confirm")
    assert counter.reception.visit.callback == sealed != b""
    counter.do("submit")
    counter.wait_for(ThanksView)
    faults = [record.code for record in counter.records() if isinstance(record, Fault)]
    assert faults == ["callback-unsealed"]


def test_a_level_pressed_while_the_pad_is_open_casts_nothing(counter: Counter):
    at_the_pad(counter)
    counter.reception.press_level(5, counter.now_ms)
    assert isinstance(counter.view(), CallbackView)
    counter.do("back")
    assert counter.view().level == 2


def test_keys_of_the_pad_do_nothing_where_there_is_no_pad(counter: Counter):
    counter.do("rate")
    for name in ("digit", "erase", "clear", "confirm", "nocall", "callback"):
        counter.do(name, 1 if name == "digit" else None)
        assert isinstance(counter.view(), RatingView)
    counter.choose(5)
    counter.do("skip")
    counter.wait_for(ThanksView)
    assert closed(counter).surplus == 6


def test_the_whole_pad_by_enter_backspace_and_escape(counter: Counter):
    at_the_pad(counter)
    type_in(counter, CANARY + "0")
    counter.reception.command("change", counter.now_ms)
    assert counter.view().digits == "139 0471 586"
    type_in(counter, "2")
    counter.reception.command("submit", counter.now_ms)
    assert counter.view().callback is True
    counter.do("callback")
    counter.reception.command("leave", counter.now_ms)
    assert counter.view().callback is True


def test_back_by_key_leads_to_the_question_before(counter: Counter):
    from protocol.records import MatterHandled

    counter.invite(MatterHandled("M1"))
    assert counter.view().can_go_back is False
    counter.choose(1)
    counter.do("skip")
    assert counter.view().can_go_back is True
    counter.reception.command("change", counter.now_ms)
    view = counter.view()
    assert isinstance(view, ReasonsView)
    assert view.level == 1


def test_when_the_visit_breaks_off_the_digits_are_not_left_on_the_screen(counter: Counter):
    from device.core import visit as rules

    at_the_pad(counter)
    type_in(counter, CANARY)
    counter.view()
    counter.reception._try(rules.Broke("touch lost"), counter.now_ms)
    assert isinstance(counter.view(), NoticeView)
    counter.wait_for(lambda _: counter.reception.visit.state is not State.CLOSING)
    rating, end = counter.records()[-2:]
    assert isinstance(rating, Rating)
    assert (rating.level, end.outcome, end.callback) == (2, Outcome.DEVICE_FAULT, b"")


def test_a_rehearsal_is_told_how_many_digits_stand_there_and_not_which(counter: Counter):
    at_the_pad(counter)
    type_in(counter, CANARY[:8])
    shown = Shown(counter.view(), None, "callback", True, None, ())
    assert _described(shown)["view"]["digits"] == 8


def traces_of(number: str) -> list[bytes]:
    """The number in every shape in which it might have been written down."""
    grouped = f"{number[:3]} {number[3:7]} {number[7:]}"
    plain = [number, number[::-1], grouped, grouped.replace(" ", "-"), ", ".join(number)]
    plain += [number[:7], number[4:]]  # most of it is as bad as all of it
    packed = [form.encode(how) for form in plain for how in ("utf-8", "utf-16-le", "utf-16-be")]
    whole = number.encode()
    packed += [base64.b64encode(b"x" * pad + whole)[4:-4] for pad in range(3)]
    packed += [base64.b32encode(whole)[:-8], whole.hex().encode(), whole.hex().upper().encode()]
    packed += [int(number).to_bytes(8, order) for order in ("little", "big")]
    packed += [bytes(int(digit) for digit in number)]
    return packed


def test_a_typed_number_is_in_no_file_and_in_no_log(home: Home, caplog: pytest.LogCaptureFixture):
    told = io.StringIO()
    listener = logging.StreamHandler(told)
    logging.getLogger().addHandler(listener)
    caplog.set_level(logging.DEBUG)
    counter = Counter(home)
    try:
        seen: list[object] = []
        for ending in ("confirm", "nocall", "back", "confirm"):
            at_the_pad(counter)
            type_in(counter, CANARY)
            view = counter.view()
            logging.getLogger("haochaping.kiosk").warning("%s %r", view, view)
            shown = Shown(view, None, "callback", True, None, ())
            seen += [_described(shown), repr(counter.reception._standing(counter.now_ms, WALL))]
            counter.do(ending)
            seen += [repr(counter.view()), repr(counter.reception.visit)]
            counter.do("submit")
            counter.wait_for(ThanksView)
            counter.do("done")
        # A crash with the pad open and a number confirmed before.
        at_the_pad(counter)
        type_in(counter, CANARY)
        counter.do("confirm")
        counter.do("callback")
        type_in(counter, CANARY)
        counter.view()
    finally:
        counter.close()
        logging.getLogger().removeHandler(listener)
    again = Counter(home)
    again.close()
    assert sum(bool(r.callback) for r in again.records() if isinstance(r, VisitClosed)) == 3

    written = {path.name: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    assert {"kiosk.db", "agent.db"} <= set(written)
    written |= {"log": (told.getvalue() + caplog.text).encode(), "shown": repr(seen).encode()}
    for name, contents in written.items():
        for trace in traces_of(CANARY):
            assert trace not in contents, f"{name} tells the number"


def test_the_search_would_find_a_number_that_was_written(home: Home):
    for trace in traces_of(CANARY):
        assert trace in b"before" + trace + b"after"
    counter = Counter(home)
    counter.scribe.note_fault("leak", CANARY)
    counter.close()
    written = b"".join(path.read_bytes() for path in home.root.rglob("kiosk.db*"))
    assert CANARY.encode() in written
