"""Works out the locked dependencies anew: exact versions and hashes, no index address.

`requirements/run.txt` is what device, central and technician need and the build backend that
installs the project; `requirements/test.txt` adds the tools of `./run test`;
`requirements/device.txt` is the part of the first that a release for devices holds
(`haochaping release build`). One lock serves every supported Python and platform.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = {
    "run": ["device", "central", "provisioning", "build"],
    "test": ["device", "central", "provisioning", "build", "test"],
    "device": ["device"],
}


def main() -> int:
    """Write the lock files."""
    for name, extras in LOCKS.items():
        target = ROOT / "requirements" / f"{name}.txt"
        command = [
            *(sys.executable, "-m", "uv", "pip", "compile", "--universal", "--generate-hashes"),
            *("--python-version", "3.11", "--no-emit-index-url", "--no-header", "--no-annotate"),
            *("--quiet", "--upgrade", "-o", str(target), "pyproject.toml"),
            *(word for extra in extras for word in ("--extra", extra)),
        ]
        if name != "run":
            command += ["--constraint", str(ROOT / "requirements" / "run.txt")]
        subprocess.run(command, cwd=ROOT, check=True)
        print(f"{target.relative_to(ROOT)}: {target.read_text().count('==')} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
