"""The documentation says what the code says."""

import re
import subprocess
import sys
from pathlib import Path

from device.core.visit import diagram
from device.store.profile import SETTINGS
from haochaping.cli import CENTRAL, DEMO, DEVICE, PROVISIONING

ROOT = Path(__file__).parents[1]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_visit_diagram_is_made_from_the_table():
    shown = re.search(r"```mermaid\n(.*?)\n```", text_of("docs/architecture.md"), re.DOTALL)
    assert shown is not None
    assert shown[1] == diagram()


def test_every_setting_has_a_heading():
    manual = text_of("docs/device.md")
    for setting in SETTINGS:
        assert f"\n### {setting.key}\n" in manual


def test_every_heading_under_settings_is_a_setting():
    headings = re.findall(r"^### (\S+)$", text_of("docs/device.md"), re.MULTILINE)
    assert set(headings) == {setting.key for setting in SETTINGS}


def test_every_link_in_the_documents_leads_somewhere():
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_overview_names_every_command():
    done = subprocess.run(
        [sys.executable, "-m", "haochaping", "--help"], capture_output=True, text=True, check=True
    )
    for command in (*DEVICE, *CENTRAL, *PROVISIONING, *DEMO):
        assert re.search(rf"^\s+{command}\b", done.stdout, re.MULTILINE)
