"""Two cables in a row, out of veth pairs and namespaces: generator → director → where the real servers are.

The sink counts what arrives by the MAC addresses of the real servers and drops it at once. Whose core does the
receiving for the director (NAPI of its first device) is arranged here.
"""

import os
import pathlib
import re
import subprocess
import time
from dataclasses import dataclass

NETWORK = pathlib.Path(__file__).resolve().parents[1] / "support/network.sh"
DIRECTOR_MAC = "02:00:00:00:00:01"  # where flows.py sends its frames
EGRESS_MAC = "02:00:00:00:00:02"
SERVER_MACS = [f"02:00:00:00:01:{n:02x}" for n in (1, 2, 3)]
RECEIVE_PRIORITY = 1  # of SCHED_FIFO: a NIC's interrupts come before threads, too

SINK = """
table netdev sink {
  %(counters)s
  chain ingress {
    type filter hook ingress device "%(device)s" priority 0; policy drop;
    %(rules)s
  }
}
"""


@dataclass
class Played:
    sent: int
    delivered: int
    seconds: float
    shares: list[int]  # of the real servers
    softirq: list[float]  # share of each core's time, generator's first
    cores_used: list[float]  # by the director's threads, as so many cores: worker, receive thread


def run(*command: object, **options) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def come_first(pid: int) -> None:
    """Before other sessions' processes of the same machine; a kernel without autogroups has no such file."""
    try:
        pathlib.Path(f"/proc/{pid}/autogroup").write_text("-20")
    except FileNotFoundError:
        os.setpriority(os.PRIO_PROCESS, pid, -20)


class Lab:
    """A lab of test/support/network.sh with one director in it. A context manager: what it made is gone afterwards."""

    def __init__(self, generator: str, cores: list[int]):
        self.generator = generator
        self.cores = [cores[0], cores[-1]]  # generator's, director's
        self.name = f"bench-{os.getpid()}"
        self.devices = {end: f"tb{os.getpid() % 100000}{end}" for end in "gios"}  # generator, in, out, sink
        self.threads: list[int] = []  # of the director, that do its work
        self._receive_thread: list[int] = []

    def __enter__(self) -> "Lab":
        run(NETWORK, "create", self.name, os.getpid())
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        run(NETWORK, "remove", self.name)

    @property
    def ingress(self) -> str:
        return self.devices["i"]

    @property
    def egress(self) -> str:
        return self.devices["o"]

    def inside(self, host: str, *command: object) -> list[str]:
        return ["ip", "netns", "exec", f"{self.name}-{host}", *map(str, command)]

    def nft(self, host: str, rules: str) -> str:
        return run(*self.inside(host, "nft", "-f", "-"), input=rules)

    def _build(self) -> None:
        for host in ("generator", "director", "sink"):
            run(NETWORK, "host", self.name, host)
        self._cable("generator", "g", "director", "i")
        self._cable("director", "o", "sink", "s")
        for end, mac in (("i", DIRECTOR_MAC), ("o", EGRESS_MAC)):
            run("ip", "-n", f"{self.name}-director", "link", "set", self.devices[end], "address", mac)
        # With GRO on, a veth receives by NAPI as a NIC does, and takes the generator's bare frames.
        run(*self.inside("director", "ethtool", "-K", self.ingress, "gro", "on"))
        for host, end in (("generator", "g"), ("director", "i"), ("director", "o"), ("sink", "s")):
            run("ip", "-n", f"{self.name}-{host}", "link", "set", self.devices[end], "up")
        self.nft("sink", SINK % {
            "device": self.devices["s"],
            "counters": "\n  ".join(f"counter server{n} {{ }}" for n, _ in enumerate(SERVER_MACS)),
            "rules": "\n    ".join(f"ether daddr {mac} counter name server{n} drop"
                                   for n, mac in enumerate(SERVER_MACS)),
        })  # fmt: skip

    def _cable(self, host: str, end: str, peer: str, peer_end: str) -> None:
        run("ip", "link", "add", self.devices[end], "netns", f"{self.name}-{host}", "type", "veth",
            "peer", "name", self.devices[peer_end], "netns", f"{self.name}-{peer}")  # fmt: skip
        for where, which in ((host, end), (peer, peer_end)):
            run(*self.inside(where, "ethtool", "-K", self.devices[which],
                             "tx", "off", "tso", "off", "gso", "off", "txvlan", "off"))  # fmt: skip

    def receive_in_thread(self) -> None:
        """The director's core receives: NAPI in a kernel thread there."""
        run(*self.inside("director", "sh", "-c", f"echo 1 > /sys/class/net/{self.ingress}/threaded"))  # its own sysfs
        begins = f"napi/{self.ingress}-"[:15]
        found = [int(comm.parent.name) for comm in pathlib.Path("/proc").glob("[0-9]*/comm")
                 if comm.read_text().startswith(begins)]  # fmt: skip
        for thread in found:
            os.sched_setaffinity(thread, {self.cores[1]})
            os.sched_setscheduler(thread, os.SCHED_FIFO, os.sched_param(RECEIVE_PRIORITY))
        self._receive_thread = found

    def _counters(self) -> list[int]:
        listed = run(*self.inside("sink", "nft", "list", "counters", "table", "netdev", "sink"))
        return [int(packets) for packets in re.findall(r"packets (\d+)", listed)]

    def _softirq(self) -> list[int]:  # in ticks
        lines = pathlib.Path("/proc/stat").read_text().splitlines()
        fields = {line.split()[0]: line.split() for line in lines}
        return [int(fields[f"cpu{core}"][7]) for core in self.cores]

    def _run_time(self) -> list[int]:  # nanoseconds
        def total(threads: list[int]) -> int:
            return sum(int(pathlib.Path(f"/proc/{thread}/schedstat").read_text().split()[0]) for thread in threads)

        return [total(self.threads), total(self._receive_thread)]

    def play(self, capture: str, seconds: float, rate: int = 0) -> Played:
        """Sends the frames of a capture at a rate, 0 being as fast as it can, and waits until they have passed."""
        before, softirq, used, begin = self._counters(), self._softirq(), self._run_time(), time.monotonic()
        command = ["taskset", "-c", self.cores[0], self.generator, self.devices["g"], capture, seconds, rate]
        with subprocess.Popen(self.inside("generator", *command), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, start_new_session=True) as process:  # fmt: skip
            come_first(process.pid)
            said, complaint = process.communicate(timeout=seconds + 30)
        if process.returncode != 0:
            raise SystemExit(complaint.strip() or f"frame_generator ended with {process.returncode}")
        wall = time.monotonic() - begin
        used = [(after - earlier) / 1e9 / wall for after, earlier in zip(self._run_time(), used)]
        ticks = wall * os.sysconf("SC_CLK_TCK")
        softirq = [(after - earlier) / ticks for after, earlier in zip(self._softirq(), softirq)]
        time.sleep(0.1)  # what is in rings yet
        shares = [after - earlier for after, earlier in zip(self._counters(), before)]
        sent, elapsed = said.split()
        return Played(int(sent), sum(shares), float(elapsed), shares, softirq, used)
