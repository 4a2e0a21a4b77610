"""First boot goes on for ever, and says in every place how far it is."""

import pytest
from machine_rig import NAME, Machine, unname

from device.store.setup import SetupState, meanings, read_state, write_state
from provisioning.first_boot.errors import CommandFailed, SetupFailed
from provisioning.first_boot.runner import Runner
from provisioning.first_boot.shown import Shown, console_text
from provisioning.first_boot.steps import STEPS, Step
from provisioning.first_boot.tools import Tools


def run(machine: Machine, *steps: Step) -> None:
    Runner(machine.places, machine, machine.said.append, steps or STEPS).run()


def failing(times: int, error: Exception) -> Step:
    """A step that fails so many times, and then is done."""
    left = [times]

    def do(_device):
        left[0] -= 1
        if left[0] >= 0:
            raise error

    return Step("a step", "INSTALLING", lambda _device: left[0] < 0, do)


def test_a_step_that_fails_is_tried_again_ever_more_slowly(machine):
    run(machine, failing(4, SetupFailed("the cable is out")))
    assert machine.naps == [5, 10, 20, 40]


def test_what_failed_is_said_in_one_line_with_the_step(machine):
    with pytest.raises(TimeoutError):
        run(machine, failing(99, SetupFailed("the\ncable\n is out")))
    state = read_state(machine.places.setup)
    assert state == SetupState("STEP_FAILED", "the cable is out", 1, 1, NAME, "7K3D-90QX-VW2M-4HPN")


def test_a_full_disk_is_told_from_other_troubles(machine):
    with pytest.raises(TimeoutError):
        run(machine, failing(99, OSError(28, "No space left on device")))
    assert read_state(machine.places.setup).name == "DISK_FULL"


def test_a_step_that_was_done_in_vain_is_not_believed(machine):
    with pytest.raises(TimeoutError):
        run(machine, Step("a step", "PREPARING", lambda _device: False, lambda _device: None))
    assert "not as it should be" in read_state(machine.places.setup).detail


def test_a_mistake_of_ours_is_not_hidden(machine):
    with pytest.raises(ZeroDivisionError):
        run(machine, failing(1, ZeroDivisionError()))


def test_a_card_that_is_written_anew_meanwhile_is_taken(machine, monkeypatch):
    card = machine.places.card / "device.toml"
    right = card.read_bytes()
    card.write_bytes(b"damaged")

    def technician(seconds):
        machine.naps.append(seconds)
        assert read_state(machine.places.setup).name == "BAD_PROFILE"
        card.write_bytes(right)

    monkeypatch.setattr(machine, "sleep", technician)
    machine.run_first_boot()
    assert machine.naps == [15]
    assert (machine.root / "etc/hostname").read_text() == f"{NAME}\n"


def test_a_card_without_any_file_is_said_everywhere(machine):
    for file in machine.places.card.iterdir():
        file.unlink()
    with pytest.raises(TimeoutError):
        run(machine)
    assert read_state(machine.places.setup).name == "NO_PROFILE"
    assert machine.places.state_file.read_text("utf-8-sig").startswith("40  NO_PROFILE")
    console = (machine.root / "dev/tty1").read_text()
    assert "40  NO_PROFILE" in console and "Write the card again" in console


def test_what_is_left_over_from_an_earlier_card_is_said_once(machine):
    unname(machine.places.card, "setup_states.toml")
    (machine.places.card / "ca.pem").write_text("x")
    run(machine, failing(4, SetupFailed("the cable is out")))
    told = [line for line in machine.said if "not of this card" in line]
    assert told == ["not of this card, and left alone: ca.pem, setup_states.toml"]


def test_texts_that_the_card_does_not_name_are_not_shown(machine):
    unname(machine.places.card, "setup_states.toml")
    with pytest.raises(TimeoutError):
        run(machine, failing(99, SetupFailed("x")))
    left = machine.places.state_file.read_text("utf-8-sig")
    assert left.startswith("--  STEP_FAILED") and "有一步没有完成" not in left


def test_a_damaged_card_is_said_in_every_language_if_it_has_the_texts(machine):
    (machine.places.card / "card.json").write_text("{")
    with pytest.raises(TimeoutError):
        run(machine)
    left = machine.places.state_file.read_text("utf-8-sig")
    assert left.startswith("41  BAD_PROFILE") and "重新写卡" in left


def test_the_state_is_left_on_the_card_in_every_language(machine):
    with pytest.raises(TimeoutError):
        run(machine, failing(99, SetupFailed("x")))
    left = machine.places.state_file.read_text("utf-8-sig")
    assert left.startswith("45  STEP_FAILED")
    assert "有一步没有完成" in left and "단계를" in left and NAME in left


def test_what_enrolment_said_last_stays_on_the_card(machine):
    machine.run_first_boot()
    write_state(machine.places.setup, SetupState("READY", device=NAME))
    machine.try_once()
    assert machine.places.state_file.read_text("utf-8-sig").startswith("00  READY")


def test_a_card_that_cannot_be_written_stops_nothing(machine):
    (machine.places.card / "STATE.txt.new").mkdir()
    machine.run_first_boot()
    assert sum("cannot be shown on the card" in line for line in machine.said) == 2  # two boots


def test_the_console_is_left_to_the_kiosk_once_that_runs(machine, monkeypatch):
    (machine.places.units / "haochaping-kiosk.service").write_text("[Service]\n")
    monkeypatch.setattr(machine, "_systemctl", lambda *_: "active\n")
    Shown(machine.places, machine, machine.said.append).show(SetupState("PREPARING"))
    assert (machine.root / "dev/tty1").read_text() == ""


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_every_step_has_a_state_that_people_are_told(machine, step):
    known = meanings(machine.places.card / "setup_states.toml")
    assert step.state == "" or step.state in known


def test_the_console_shows_large_digits_and_nothing_that_it_cannot_draw(machine):
    known = meanings(machine.places.card / "setup_states.toml")
    for name in known:
        shown = console_text(SetupState(name, "detail", 3, 17, NAME, "7K3D"), known)
        assert shown.isascii()
        assert all(len(line) <= 160 for line in shown.splitlines())
        assert f"{known[name].code}  {name}" in shown and "Step 3 of 17" in shown


def test_what_others_said_does_not_steer_the_console(machine):
    known = meanings(machine.places.card / "setup_states.toml")
    said = SetupState("CENTRAL_REFUSES", "no\x1b[2J\x9b31m\x07 way")
    bare = console_text(said._replace(detail=""), known)
    assert console_text(said, known).count("\x1b") == bare.count("\x1b") + 2  # two more lines
    assert "no?[2J?31m? way" in console_text(said, known)


# --- the edge itself --------------------------------------------------------------------------


def test_a_program_that_fails_is_named_with_its_last_line():
    with pytest.raises(CommandFailed, match=r"^sh -c .* failed \(3\): why$"):
        Tools().run("sh", "-c", "echo noise >&2; echo why >&2; exit 3")


def test_a_program_that_does_not_exist_is_a_failure_like_others():
    with pytest.raises(CommandFailed, match="cannot be run"):
        Tools().run("haochaping-no-such-program")


def test_a_program_that_hangs_is_ended():
    with pytest.raises(CommandFailed, match="not done within"):
        Tools().run("sleep", "60", timeout_s=0.2)


def test_programs_see_nothing_of_our_environment(monkeypatch):
    monkeypatch.setenv("HAOCHAPING_TECHNICIAN_KEY", "hcr_secret")
    assert "hcr_secret" not in Tools().run("env")


def test_a_program_is_told_what_it_is_given():
    assert Tools().run("cat", given="start=1\n") == "start=1\n"
