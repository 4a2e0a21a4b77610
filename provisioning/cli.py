"""The technician's commands. Each is imported when it is asked for."""

from collections.abc import Sequence


def main(command: str, words: Sequence[str]) -> int:
    """Run ``haochaping provision``, ``release`` or ``profile``; returns the exit code."""
    if command == "provision":
        from provisioning import provision_cli

        return provision_cli.main(words)
    if command == "release":
        from provisioning import release_cli

        return release_cli.main(words)
    from provisioning import profile_cli

    return profile_cli.main(words)
