"""First boot in one file: what it holds, and that a bare Python starts it."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from provisioning import pack


def test_the_same_sources_make_the_same_bytes():
    assert pack.first_boot() == pack.first_boot()


def test_it_holds_what_first_boot_stands_on_and_nothing_else():
    with zipfile.ZipFile(io.BytesIO(pack.first_boot())) as archive:
        names = set(archive.namelist())
    assert names == {*pack.modules(), "__main__.py"}
    assert "provisioning/first_boot/__init__.py" in names
    assert not any(name.startswith(("central/", "device/kiosk/")) for name in names)


def test_every_module_in_it_can_be_imported_by_a_bare_python(tmp_path: Path):
    file = tmp_path / pack.NAME
    file.write_bytes(pack.first_boot())
    wanted = [
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in pack.modules()
        if not name.endswith("__main__.py")
    ]
    program = f"import sys; sys.path[:0] = [{str(file)!r}]\n"
    program += "".join(f"import {name}\n" for name in wanted)
    program += "assert device.store.deployed.__file__.startswith(sys.path[0])\n"
    # -S: nothing that is installed here, ours least of all, can be found by mistake.
    subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        check=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        timeout=60,
    )


def test_the_start_script_is_a_shell_script():
    assert pack.start_script().startswith(b"#!/bin/sh\n")
