"""What import-linter cannot say: the allow-list of the protocol, and what stays lazy."""

import ast
import sys
from pathlib import Path

from provisioning import pack

ROOT = Path(__file__).parents[1]


def imported_roots(package: str) -> set[str]:
    """Return the top-level names that a package's modules import, wherever they do."""
    roots: set[str] = set()
    for module in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                roots |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                roots.add(node.module.split(".")[0])
    return roots - set(sys.stdlib_module_names)


def test_the_protocol_stands_on_three_libraries_only():
    assert imported_roots("protocol") <= {"protocol", "cryptography", "cbor2", "msgspec"}


def test_nobody_imports_the_tests():
    for package in ("protocol", "device", "paper", "central", "provisioning", "haochaping", "demo"):
        assert "tests" not in imported_roots(package)


def test_the_assets_hold_no_program():
    assert not list((ROOT / "ui_assets").rglob("*.py"))


def test_first_boot_needs_nothing_but_python():
    packed = pack.modules()
    for name in packed:
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for imported in names:
                room = imported.split(".")[0]
                known = room in sys.stdlib_module_names or room in {
                    Path(part).parts[0] for part in packed
                }
                assert known, f"{name} imports {imported}"
