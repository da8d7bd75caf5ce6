"""Machines that are two on one: network namespaces with a cable between them, or the loopback, each with its own cache.

Run as a script, it is the command line of eyespot with every decoding of an image written down.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

COUNTED = "decoded.txt"
NAMES = ("eyespot-a", "eyespot-b")
ADDRESSES = ("10.201.77.1", "10.201.77.2")


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where processes are started: how they are reached, what stands before their command, and their cache."""

    kind: str
    address: str
    enter: tuple[str, ...]
    cache: Path
    interface: str

    def start(
        self, verb: list[str], processes: int, meeting: str = "", rank: int = 0, restarts: int = 0
    ) -> subprocess.Popen:
        """Start eyespot under torchrun with some processes; two machines meet at the address of one."""
        self.cache.mkdir(exist_ok=True)
        where = ["--standalone"]
        if meeting:
            host = f"--rdzv-conf=is_host={int(rank == 0)}"
            where = ["--nnodes=2", "--rdzv-backend=c10d", f"--rdzv-endpoint={meeting}", host]
            where.append(f"--local-addr={self.address}")
        launcher = [sys.executable, "-m", "torch.distributed.run", *where, f"--nproc-per-node={processes}"]
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
            "EYESPOT_CACHE": str(self.cache),
            "GLOO_SOCKET_IFNAME": self.interface,
        }
        command = [*self.enter, *launcher, f"--max-restarts={restarts}", __file__, *verb]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )


def finished(process: subprocess.Popen) -> None:
    """Wait for a training; ends the script with what it said where it failed."""
    said, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{process.args}\nended with {process.returncode}:\n{said.decode()[-3000:]}")


def port() -> int:
    """A port that nobody uses at the moment."""
    with socket.socket() as asking:
        asking.bind(("", 0))
        return asking.getsockname()[1]


@contextmanager
def machines(place: Path) -> Iterator[tuple[Machine, list[Machine]]]:
    """One machine alone, and two that are reached by a network."""
    alone = Machine(kind="loopback", address="127.0.0.1", enter=(), cache=place / "cache-alone", interface="lo")
    joined = _join_namespaces()
    try:
        kind = "network namespaces" if joined else "loopback"
        yield (
            alone,
            [
                Machine(
                    kind=kind,
                    address=ADDRESSES[number] if joined else "127.0.0.1",
                    enter=("ip", "netns", "exec", name) if joined else (),
                    cache=place / f"cache-{number}",
                    interface=f"eye{number}" if joined else "lo",
                )
                for number, name in enumerate(NAMES)
            ],
        )
    finally:
        if joined:
            _remove_namespaces()


def _join_namespaces() -> bool:
    """Make two network namespaces with a cable between them, and tell whether that is allowed here."""
    if shutil.which("ip") is None:
        return False
    try:
        for name in NAMES:
            _ip("netns", "add", name)
        _ip("link", "add", "eye0", "netns", NAMES[0], "type", "veth", "peer", "name", "eye1", "netns", NAMES[1])
        for number, name in enumerate(NAMES):
            _ip("-n", name, "address", "add", f"{ADDRESSES[number]}/24", "dev", f"eye{number}")
            _ip("-n", name, "link", "set", f"eye{number}", "up")
            _ip("-n", name, "link", "set", "lo", "up")
    except subprocess.CalledProcessError:
        _remove_namespaces()
        return False
    return True


def _remove_namespaces() -> None:
    for name in NAMES:
        with suppress(subprocess.CalledProcessError):
            _ip("netns", "delete", name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def count_decodings() -> None:
    """Write a line for every image that this process decodes: what for, and its name."""
    from eyespot import images

    decode = images.read_pixels

    def counted(picture: images.Picture, spec: images.ImageSpec, name: str = ""):
        with Path(os.environ["EYESPOT_CACHE"], COUNTED).open("a") as file:
            file.write(f"{'first look' if spec.fit == 'stretch' else 'training'} {name}\n")
        return decode(picture, spec, name)

    images.read_pixels = counted


if __name__ == "__main__":
    count_decodings()
    from eyespot.cli import main

    main()
