"""What systemd, the kernel's log and SDL's library say, where the answers are real in form."""

from collections.abc import Sequence

import pytest

from device.checks import Level
from device.checks.patient import Patient
from device.doctor import local
from device.doctor.programs import NoAnswer, ask


def systemd(**states: str):
    """systemctl's answer; ``kiosk="failed"``, all others are active."""

    def answer(words: Sequence[str]) -> str:
        blocks = []
        for unit in local.UNITS:
            name = unit.removeprefix("haochaping-").partition(".")[0].replace("-", "_")
            state, _, restarts = states.get(name, "active").partition(" ")
            load = "not-found" if state == "absent" else "loaded"
            blocks.append(
                f"Id={unit}\nLoadState={load}\nActiveState={state}\nResult=watchdog\n"
                f"NRestarts={restarts or 0}\n"
            )
        return "\n".join(blocks)

    return answer


@pytest.mark.parametrize(
    ("states", "level", "told"),
    [
        ({}, Level.OK, "All units work"),
        ({"migrate": "failed"}, Level.FAULT, "haochaping-migrate.service (watchdog)"),
        ({"kiosk": "activating"}, Level.FAULT, "haochaping-kiosk.service is activating"),
        ({"agent": "absent"}, Level.FAULT, "does not know haochaping-agent.service"),
        ({"kiosk": "active 9"}, Level.WARNING, "was restarted 9 times"),
        ({"enrol": "inactive"}, Level.OK, "All units work"),
    ],
)
def test_units_are_judged_by_what_they_are_for(
    patient: Patient, states: dict[str, str], level: Level, told: str
):
    said = local.units(patient, systemd(**states))
    assert (said.level, told in said.sentence) == (level, True)


def test_a_machine_without_systemd_is_unknown(patient: Patient):
    def nobody(_: Sequence[str]) -> str:
        raise NoAnswer("systemctl is not installed")

    assert local.units(patient, nobody).level is Level.UNKNOWN
    assert local.power_cuts(patient, nobody).level is Level.UNKNOWN


@pytest.mark.parametrize(
    ("log", "level"),
    [
        ("EXT4-fs (mmcblk0p3): mounted filesystem", Level.OK),
        ("EXT4-fs (mmcblk0p3): recovery complete", Level.WARNING),
        ("FAT-fs (mmcblk0p1): Volume was not properly unmounted.", Level.WARNING),
        ("hwmon hwmon1: Undervoltage detected!", Level.WARNING),
        ("", Level.UNKNOWN),
    ],
)
def test_a_power_cut_is_seen_in_the_kernels_log(patient: Patient, log: str, level: Level):
    assert local.power_cuts(patient, lambda _: log).level is level


def test_the_installed_pygame_can_draw_without_a_desktop(patient: Patient):
    variables = "Environment=SDL_RENDER_DRIVER=opengles2 SDL_FRAMEBUFFER_ACCELERATION=opengles2"
    sdl = local._sdl()
    assert sdl is not None
    assert b"KMSDRM" in sdl.read_bytes()
    said = local.drawing(patient, lambda _: variables)
    assert said.level is Level.OK or "libEGL" in said.sentence or "libGLESv2" in said.sentence


def test_a_library_without_kmsdrm_is_a_fault(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path
):
    plain = tmp_path / "libSDL2-2.0.so.0"
    plain.write_bytes(b"x11 wayland dummy")
    monkeypatch.setattr(local, "_sdl", lambda: plain)
    assert "without KMSDRM" in local.drawing(patient, lambda _: "").sentence


def test_a_unit_that_does_not_name_the_renderer_is_a_fault(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(local, "_loads", lambda _: True)
    said = local.drawing(patient, lambda _: "Environment=SDL_VIDEODRIVER=kmsdrm")
    assert (said.level, "the screen stays black" in said.sentence) == (Level.FAULT, True)


def test_pins_without_a_header_are_a_fault(patient: Patient):
    patient.at("dev/gpiochip0").unlink()
    assert local.pins(patient, ask).level is Level.FAULT


def test_a_program_that_fails_gives_no_answer():
    with pytest.raises(NoAnswer, match="exit code 3"):
        ask(["sh", "-c", "exit 3"])
    with pytest.raises(NoAnswer, match="not installed"):
        ask(["haochaping-no-such-program"])


def test_a_program_gets_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HAOCHAPING_SECRET", "hunter2")
    assert "hunter2" not in ask(["env"])
