"""`./run test`: lint, types, import rules, then the tests.

Given paths or pytest's own options, it runs pytest alone with them, so that one test can
be tried quickly. With HAOCHAPING_NO_SKIPS=1 a skipped test fails: on the build machine
everything that a test needs is there.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
CHECKS = (
    ("ruff check", [BIN / "ruff", "check", "."]),
    ("ruff format", [BIN / "ruff", "format", "--check", "."]),
    ("mypy", [BIN / "mypy"]),
    ("import-linter", [BIN / "lint-imports"]),
)


def main(words: list[str]) -> int:
    """Run the checks and the tests; returns the first exit code that is not 0."""
    with ThreadPoolExecutor(1) as beside:
        # Tests wait for processes now and then; the checks have their processor meanwhile.
        checks = {check[0]: beside.submit(_check, *check) for check in (() if words else CHECKS)}
        code = _test(words)
    for name, check in checks.items():
        if check.result() != 0:
            print(f"{name} failed; what it says stands at the top")
            code = code or check.result()
    return code


def _check(name: str, command: list[Path | str]) -> int:
    """Run one check, and print what it says in one piece; returns its exit code."""
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, check=False, capture_output=True, text=True
    )
    print(f"== {name}\n{done.stdout}{done.stderr}", end="", flush=True)
    return done.returncode


def _test(words: list[str]) -> int:
    """Run the tests; returns pytest's exit code."""
    print("== pytest", flush=True)
    # Or each of the workers would compile all the tests anew, and each process that they start
    # the whole product.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    # One more than there are processors: a journey mostly waits for its processes.
    workers = min(4, (os.cpu_count() or 1) + 1)
    parallel = [] if words else ["-n", str(workers)]
    tests = [str(BIN / "python"), "-m", "pytest", *parallel, *words]
    return subprocess.run(tests, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
