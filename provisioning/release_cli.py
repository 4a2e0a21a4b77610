"""`haochaping release`: keys for releases, and releases made, shown and checked."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from protocol import release_key
from protocol.errors import ProtocolError
from protocol.releases import Manifest
from provisioning import release_build
from provisioning.errors import ProvisioningError

DESCRIPTION = """\
Makes releases: one signed file that holds all a device runs. No network is needed to
install one, and a device takes none that is not signed with the key it knows.

  haochaping release keygen maker.pem            once; guard it well, keep a copy
  haochaping release build --key maker.pem --out releases/
  haochaping release verify releases/FILE --key maker.pub.pem

maker.pub.pem goes onto the devices' cards (release.pem) and to central. docs/updates.md
has the whole story.
"""


def main(words: Sequence[str]) -> int:
    """Run ``haochaping release``; returns the exit code: 0 done, 1 failed, 2 wrong input."""
    parser = argparse.ArgumentParser(
        "haochaping release",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _keygen(commands.add_parser("keygen", help="make the key that signs releases"))
    _build(commands.add_parser("build", help="make a release of this source"))
    _show(commands.add_parser("show", help="say what is in a release file"))
    _verify(commands.add_parser("verify", help="check a release file against a public key"))
    options = parser.parse_args(words)
    try:
        code: int = options.run(options)
    except (ProvisioningError, ProtocolError, OSError) as error:
        print(f"haochaping release: {error}", file=sys.stderr)
        return 1
    return code


def _keygen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", type=Path, help="where to write the private key, e.g. maker.pem")

    def run(options: argparse.Namespace) -> int:
        public = _public_beside(options.key)
        if public.exists():
            raise FileExistsError(f"{public} is there already; nothing was written")
        private_pem, public_pem = release_key.generate()
        try:
            descriptor = os.open(options.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise FileExistsError(
                f"{options.key} is there already, and devices may trust it; nothing was written"
            ) from error
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(private_pem)
            file.flush()
            os.fsync(descriptor)
        public.write_bytes(public_pem)
        print(f"wrote {options.key} (secret: whoever has it can put any program on your devices)")
        print(f"wrote {public} (for the cards of your devices, and for central)")
        return 0

    parser.set_defaults(run=run)


def _build(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--key", type=Path, required=True, help="the private key to sign with")
    parser.add_argument(
        "--out", type=Path, required=True, help="a folder, or a file whose name ends in .release"
    )
    parser.add_argument(
        "--platform",
        default=release_build.PLATFORMS[0],
        metavar="NAME",
        help="Python and machine of the devices (default: %(default)s, Raspberry Pi OS of "
        f"2025); others: {', '.join(release_build.PLATFORMS[1:])}",
    )
    parser.add_argument("--version", default="", help="instead of the one in pyproject.toml")
    parser.add_argument(
        "--from-environment",
        action="store_true",
        help="copy the libraries from this Python instead of fetching wheels; for devices of "
        "this machine's kind",
    )

    def run(options: argparse.Namespace) -> int:
        built = release_build.build(
            options.out,
            options.key.read_bytes(),
            options.platform,
            version=options.version,
            from_environment=options.from_environment,
            say=lambda step: print(f"  {step} ...", file=sys.stderr, flush=True),
        )
        print(f"wrote {built.file} ({built.size / 1e6:.1f} MB)")
        _print_manifest(built.manifest)
        return 0

    parser.set_defaults(run=run)


def _show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a release file")
    parser.add_argument("--key", type=Path, help="public key to check its signature with")

    def run(options: argparse.Namespace) -> int:
        key = options.key.read_bytes() if options.key else None
        manifest, sizes = release_build.examine(options.file, key)
        _print_manifest(manifest)
        print(f"signature       {'genuine' if key else 'not checked: no --key was given'}")
        print("largest parts")
        for place, size in sizes[:10]:
            print(f"  {size / 1e6:6.1f} MB  {place}")
        return 0

    parser.set_defaults(run=run)


def _verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a release file")
    parser.add_argument("--key", type=Path, required=True, help="the public key (PEM)")

    def run(options: argparse.Namespace) -> int:
        manifest, _ = release_build.examine(options.file, options.key.read_bytes())
        print(f"{options.file}: release {manifest.name}, genuine and whole")
        return 0

    parser.set_defaults(run=run)


def _print_manifest(manifest: Manifest) -> None:
    made = datetime.fromtimestamp(manifest.issued_ms / 1000, UTC)
    print(f"release         {manifest.name}")
    print(f"version         {manifest.version}")
    print(f"platform        {manifest.platform}")
    print(f"made as of      {made:%Y-%m-%d %H:%M:%S} UTC")
    print(f"archive         {manifest.tree_bytes / 1e6:.1f} MB")
    print(f"on the device   {manifest.unpacked_bytes / 1e6:.1f} MB")


def _public_beside(key: Path) -> Path:
    return key.with_name(f"{key.stem}.pub.pem")
