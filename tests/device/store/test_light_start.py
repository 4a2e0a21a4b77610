"""What neither process may import on its way to work: sqlite-utils, and each other's libraries."""

import subprocess
import sys

import pytest

HEAVY = {"sqlite_utils", "click", "requests", "pygame", "gpiozero", "numpy", "litestar"}


def imported_by(module: str) -> set[str]:
    program = f"import sys, {module}; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    ("module", "may"),
    [
        ("device.store.ledger", set()),
        ("device.store.salvage", set()),
        ("device.store.profile", set()),
        ("device.agent.service", {"requests"}),
        ("haochaping.cli, device.cli", set()),
    ],
)
def test_a_start_pays_only_for_what_it_needs(module: str, may: set[str]):
    assert imported_by(module) & HEAVY <= may


def test_the_first_frames_page_needs_no_cryptography():
    loaded = imported_by("device.store.roster, device.store.profile, device.store.home")
    assert not loaded & (HEAVY | {"cryptography", "cbor2", "msgspec", "protocol"})


def test_the_kiosks_own_start_does_not_reach_the_migrations():
    """The kiosk's modules are read, not run: they want a display."""
    import ast
    from pathlib import Path

    root = Path(__file__).parents[3]
    waiting, seen = ["device.kiosk.service", "device.kiosk.loop", "device.agent.service"], set()
    while waiting:
        name = waiting.pop()
        file = root / (name.replace(".", "/") + ".py")
        if name in seen or not file.exists():
            continue
        seen.add(name)
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in tree.body:  # what is imported when the module is, not in a function
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{a.name}" for a in node.names)]
    assert "device.store.ledger" in seen
    assert "device.store.schema" not in seen
