"""One connection of the guest, carried to a port of this machine's loopback (QEMU guestfwd)."""

import os
import socket
import sys
import threading
from contextlib import suppress


def main() -> None:
    """Copy both ways until either side ends."""
    line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))

    def up() -> None:
        while piece := os.read(0, 65536):
            line.sendall(piece)
        with suppress(OSError):
            line.shutdown(socket.SHUT_WR)

    threading.Thread(target=up, daemon=True).start()
    while piece := line.recv(65536):
        os.write(1, piece)


if __name__ == "__main__":
    main()
