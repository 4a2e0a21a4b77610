"""Five lamps and a buzzer on gpiozero's mock pins, which keep what happened to them."""

import threading
from collections.abc import Iterator

import pytest
from gpiozero.pins.mock import MockFactory, MockPin

from device.kiosk.lamps import BEEP_S, Lamps, LampsUnavailable
from protocol.levels import Level

PINS = dict(zip(sorted(Level, reverse=True), (5, 6, 12, 13, 16), strict=True))
BUZZER = 20
SOON_S = 5.0


@pytest.fixture
def factory() -> MockFactory:
    return MockFactory(pin_class=MockPin)


@pytest.fixture
def lamps(factory: MockFactory) -> Iterator[Lamps]:
    lamps = Lamps(factory, PINS, BUZZER)
    yield lamps
    lamps.close()


def lit(factory: MockFactory) -> set[Level]:
    return {level for level, pin in PINS.items() if factory.pin(pin).state}


def history(factory: MockFactory, pin: int) -> list[bool]:
    return [state for _, state in factory.pin(pin).states]


def let_it_beep() -> None:
    for thread in threading.enumerate():
        if type(thread).__name__ == "GPIOThread":
            thread.join(SOON_S)


def test_lamps_are_dark_at_first(lamps: Lamps, factory: MockFactory):
    assert lit(factory) == set()


def test_exactly_the_wanted_lamps_are_lit(lamps: Lamps, factory: MockFactory):
    for wanted in (set(Level), {Level.SATISFIED}, {Level.VERY_SATISFIED, Level.SATISFIED}, set()):
        lamps.show(wanted)
        assert lit(factory) == wanted


def test_a_lamp_that_stays_lit_does_not_flicker(lamps: Lamps, factory: MockFactory):
    for _ in range(3):
        lamps.show(Level)
    assert history(factory, PINS[Level.SATISFIED]) == [False, True]


def test_a_beep_is_one_and_ends_by_itself(lamps: Lamps, factory: MockFactory):
    lamps.beep()
    let_it_beep()
    assert history(factory, BUZZER) == [False, True, False]


def test_nobody_waits_for_a_beep_to_end(factory: MockFactory, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("device.kiosk.lamps.BEEP_S", 3600.0)
    lamps = Lamps(factory, PINS, BUZZER)
    lamps.beep()
    lamps.close()
    assert history(factory, BUZZER)[-1] is False
    assert BEEP_S < 1


def test_between_beeps_no_thread_is_left(lamps: Lamps):
    before = threading.active_count()
    lamps.beep()
    let_it_beep()
    assert threading.active_count() == before


def test_closed_lamps_are_dark_and_their_pins_free(lamps: Lamps, factory: MockFactory):
    lamps.show(Level)
    lamps.close()
    assert {history(factory, pin)[-1] for pin in PINS.values()} == {False}
    Lamps(factory, PINS, BUZZER).close()


def test_a_device_without_lamps_takes_every_wish():
    lamps = Lamps()
    lamps.show(Level)
    lamps.beep()
    lamps.close()


def test_a_buzzer_alone_needs_no_lamps(factory: MockFactory):
    lamps = Lamps(factory, {}, BUZZER)
    lamps.show(Level)
    lamps.beep()
    let_it_beep()
    assert history(factory, BUZZER) == [False, True, False]
    lamps.close()


def test_a_lamp_that_cannot_be_switched_is_told(
    lamps: Lamps, factory: MockFactory, monkeypatch: pytest.MonkeyPatch
):
    def gone(*_: object) -> None:
        raise OSError(19, "No such device")

    monkeypatch.setattr(factory.pin(PINS[Level.SATISFIED]), "_set_state", gone)
    with pytest.raises(LampsUnavailable, match="No such device"):
        lamps.show(Level)


def test_a_refused_pin_gives_back_those_before_it(
    factory: MockFactory, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as held:
        held.setattr(factory.pin(BUZZER), "output_with_state", lambda _: 1 // 0)
        with pytest.raises(LampsUnavailable, match=f"pin {BUZZER}"):
            Lamps(factory, PINS, BUZZER)
    Lamps(factory, PINS, BUZZER).close()
