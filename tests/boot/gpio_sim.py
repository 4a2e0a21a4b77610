"""Buttons without a board: the kernel's own simulated GPIO chip (gpio-sim).

Debian's kernels are built without it, so it is built against their headers from Debian's
kernel source, in a Debian tree of its own that is kept between runs.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from tests.boot import debian

_PACKAGES = ("linux-source-6.12", "make", "xz-utils", "kmod", "gcc")
_SOURCES = (
    "drivers/gpio",
    "kernel/irq/irq_sim.c",
    "include/linux/irq_sim.h",
)
_LICENCE = '\n#include <linux/module.h>\nMODULE_LICENSE("GPL");\n'
MODULES = ("irq-sim.ko", "gpio-sim.ko")
CHIP_LABEL = "pinctrl-bcm2711"
"""What the header's chip of a Raspberry Pi 4 is called; the kiosk looks for it by this."""


def modules(kernel: str) -> tuple[Path, ...]:
    """Return the two modules for that kernel, in the order they are loaded; built if need be."""
    out = debian.cache() / f"gpio-sim-{kernel}"
    if not all((out / name).exists() for name in MODULES):
        _build(kernel, out)
    return tuple(out / name for name in MODULES)


def _build(kernel: str, out: Path) -> None:
    tree = out.with_name(f"{out.name}.{os.getpid()}")
    packages = ",".join((*_PACKAGES, f"linux-headers-{kernel}"))
    subprocess.run(
        [
            *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={packages}"),
            *(debian.SUITE, str(tree)),
        ],
        check=True,
        capture_output=True,
    )
    try:
        build = tree / "build"
        build.mkdir()
        archive = next((tree / "usr/src").glob("linux-source-*.tar.xz"))
        top = archive.name.removesuffix(".tar.xz")
        subprocess.run(
            [
                *("tar", "--strip-components=1", "-C", str(build), "-xf", str(archive)),
                *(f"{top}/{path}" for path in _SOURCES),
            ],
            check=True,
        )
        module = build / "module"
        module.mkdir()
        for file in (*(build / "drivers/gpio").glob("*.h"), build / "drivers/gpio/gpio-sim.c"):
            shutil.copy(file, module)
        simulated = (build / "kernel/irq/irq_sim.c").read_text()
        # Not exported to modules; this is, and says the same.
        simulated = re.sub(
            r"irq_to_desc\((\w+)\)", r"irq_data_to_desc(irq_get_irq_data(\1))", simulated
        )
        (module / "irq_sim.c").write_text(
            simulated if "MODULE_LICENSE" in simulated else simulated + _LICENCE
        )
        (module / "Kbuild").write_text(
            "obj-m := gpio-sim.o irq-sim.o\n"
            "irq-sim-y := irq_sim.o\n"
            "ccflags-y += -DCONFIG_IRQ_SIM=1\n"
        )
        made = subprocess.run(
            [
                *("chroot", str(tree), "make", "-C", f"/usr/src/linux-headers-{kernel}"),
                *("M=/build/module", "modules"),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise debian.NotHere(f"gpio-sim could not be built: {made.stderr[-2000:]}")
        out.mkdir(parents=True, exist_ok=True)
        for name in MODULES:
            shutil.copy(module / name, out / name)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
