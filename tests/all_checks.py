"""`./run test`: lint, types, import rules, then the tests.

Given paths or pytest's own options, it runs pytest alone with them, so that one test can
be tried quickly. With HAOCHAPING_NO_SKIPS=1 a skipped test fails: on the build machine
everything that a test needs is there.
"""

import os
import subprocess
import sys
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
    failed = 0
    for name, command in () if words else CHECKS:
        print(f"== {name}", flush=True)
        failed = subprocess.run(list(map(str, command)), cwd=ROOT, check=False).returncode or failed
    print("== pytest", flush=True)
    # Or each of the workers would compile all the tests anew, and each process that they start
    # the whole product.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    # One more than there are processors: a journey mostly waits for its processes.
    workers = min(4, (os.cpu_count() or 1) + 1)
    parallel = [] if words else ["-n", str(workers)]
    tests = [str(BIN / "python"), "-m", "pytest", *parallel, *words]
    return subprocess.run(tests, cwd=ROOT, env=environment, check=False).returncode or failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
