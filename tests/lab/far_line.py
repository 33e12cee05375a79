"""A line that holds each packet for a while: two tun devices, and what stands between them.

Run as a program: `far_line.py NAMESPACE DEVICE NAMESPACE DEVICE MILLISECONDS`. It prints `ready` once both devices
exist; they go when it ends. The kernel of some machines has no delay of its own to offer.
"""

import ctypes
import fcntl
import os
import select
import struct
import sys
import time
from collections import deque
from pathlib import Path

CLONE_NEWNET = 0x40000000
# linux/if_tun.h
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
LONGEST_PACKET = 65536
# Ours: packets read in a row before those that are due leave.
BURST = 64


def tun(namespace: str, device: str) -> int:
    """A file whose reads and writes are the packets of `device`, made in that namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path(f"/run/netns/{namespace}").open("rb") as place:
        if libc.setns(place.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), namespace)
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TUN | IFF_NO_PI))
    return file


def forward(one: int, other: int, seconds: float) -> None:
    """Packets of each file to the other, `seconds` later, in order; for ever."""
    across = {one: other, other: one}
    held: deque[tuple[float, int, bytes]] = deque()
    while True:
        wait = None if not held else max(0.0, held[0][0] - time.monotonic())
        for file in select.select((one, other), (), (), wait)[0]:
            due = time.monotonic() + seconds
            held.extend((due, across[file], packet) for packet in _waiting(file))
        while held and held[0][0] <= time.monotonic():
            _, file, packet = held.popleft()
            _write(file, packet)


def _waiting(file: int) -> list[bytes]:
    packets: list[bytes] = []
    for _ in range(BURST):
        try:
            packets.append(os.read(file, LONGEST_PACKET))
        except OSError:
            break
    return packets


def _write(file: int, packet: bytes) -> None:
    try:
        os.write(file, packet)
    except OSError:
        # The device is still down, or its queue full: a line loses packets then.
        return


def main() -> None:
    first, first_device, second, second_device, milliseconds = sys.argv[1:]
    files = tun(first, first_device), tun(second, second_device)
    print("ready", flush=True)
    forward(*files, float(milliseconds) / 1000)


if __name__ == "__main__":
    main()
