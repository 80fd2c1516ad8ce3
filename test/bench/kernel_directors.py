"""What beside_kernel.py puts between generator and sink: rules of nftables, and turnoutd over two kernel interfaces."""

import contextlib
import json
import pathlib
import subprocess
import tempfile
import time

import flows
from veth_lab import EGRESS_MAC, SERVER_MACS, Lab, come_first

VIP = "10.255.0.1"
SERVERS = ", ".join(f"{n} : {mac}" for n, mac in enumerate(SERVER_MACS))
MEGABYTES = 256  # of hugepages for turnoutd
REFERENCE = "nftables, hash"  # what the others are compared with

# As nftlb lays out a farm in DSR mode: a map from the service to its chain, and in that chain the rewriting.
TABLE = """
table netdev nftlb {
  map services {
    type inet_proto . ipv4_addr . inet_service : verdict
    elements = { tcp . %(vip)s . %(port)d : goto farm }
  }
  %(maps)s
  chain ingress {
    type filter hook ingress device "%(ingress)s" priority 101; policy accept;
    ip protocol . ip daddr . th dport vmap @services
  }
  chain farm {
    %(rules)s
  }
}
"""
SESSIONS = """map sessions {
    type ipv4_addr . inet_service : ether_addr
    size 1048576
    timeout 900s
  }"""
FLOW = "ip saddr . tcp sport"


class Kernel:
    """A netdev ingress chain. `rules` are the farm's; `{leave}` in them sends the frame off, `{remember}` first notes
    where the flow went."""

    def __init__(self, name: str, rules: list[str], maps: str = "", servers: int = len(SERVER_MACS)):
        self.name = name
        self.servers = servers
        self._rules = rules
        self._maps = maps

    @contextlib.contextmanager
    def running(self, lab: Lab, receive_here: bool):
        leave = f'ether saddr set {EGRESS_MAC} fwd to "{lab.egress}"'
        remember = f"update @sessions {{ {FLOW} : ether daddr }} {leave}"
        rules = "\n    ".join(rule.format(leave=leave, remember=remember) for rule in self._rules)
        lab.nft("director", TABLE % {"vip": VIP, "port": flows.PORT, "maps": self._maps, "ingress": lab.ingress,
                                     "rules": rules})  # fmt: skip
        if receive_here:
            lab.receive_in_thread()
        yield


class Turnoutd:
    """One worker, on the director's core; the control thread is on the generator's."""

    servers = len(SERVER_MACS)

    def __init__(self, build: str, driver: str):
        self.name = f"turnoutd, {driver}"
        self._build = build
        self._driver = driver

    def _device(self, number: int, interface: str) -> str:
        options = ",force_copy=1" if self._driver == "net_af_xdp" else ""  # without, XDP sockets of a veth fail
        return f"--vdev={self._driver}{number},iface={interface}{options}"

    def _config(self, lab: Lab, folder: str) -> dict:
        devices = [self._device(n, name) for n, name in enumerate((lab.ingress, lab.egress))]
        servers = [{"address": f"192.0.2.{11 + n}", "mac": mac} for n, mac in enumerate(SERVER_MACS)]
        return {
            "eal": {"lcores": f"0@{lab.cores[0]},1@{lab.cores[1]}",
                    "args": ["--in-memory", "--no-pci", "--no-telemetry", "--iova-mode=va", "-m", str(MEGABYTES),
                             *devices]},
            "ports": [{"name": "clients", "device": f"{self._driver}0", "addresses": ["10.255.0.2/8"]},
                      {"name": "servers", "device": f"{self._driver}1", "addresses": ["192.0.2.2/24"]}],
            "connections": {"capacity": 1 << 20},
            "control": {"socket": f"{folder}/control.sock"},
            "http": {"listen": ""},
            "services": [{"vip": VIP, "protocol": "tcp", "port": flows.PORT,
                          "health": {"type": "none"}, "real_servers": servers}],
        }  # fmt: skip

    @contextlib.contextmanager
    def running(self, lab: Lab, receive_here: bool):
        with tempfile.TemporaryDirectory() as folder, open(f"{folder}/log", "w+") as log:
            config = pathlib.Path(folder, "turnout.json")
            config.write_text(json.dumps(self._config(lab, folder)))
            command = lab.inside("director", f"{self._build}/turnoutd", "--config", config, "--log-level", "warning")
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True,
                                  start_new_session=True) as process:  # fmt: skip
                try:
                    if process.stdout.readline().strip() != "ready":
                        log.seek(0)
                        raise SystemExit(f"turnoutd did not start:\n{log.read()}")
                    self._arrange(lab, process.pid, receive_here)
                    yield
                finally:
                    self._stop(process)

    def _arrange(self, lab: Lab, pid: int, receive_here: bool) -> None:
        come_first(pid)
        lab.threads = [int(task.name) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
                       if "worker" in (task / "comm").read_text()]  # fmt: skip
        if not lab.threads:
            raise SystemExit("none of turnoutd's threads is called a worker; this DPDK names them otherwise")
        if receive_here:
            lab.receive_in_thread()
        time.sleep(0.5)  # its first announcements

    @staticmethod
    def _stop(process: subprocess.Popen) -> None:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()


def candidates(build: str) -> list[Kernel | Turnoutd]:
    by_flow = f"jhash {FLOW} mod {len(SERVER_MACS)} map {{{{ {SERVERS} }}}}"
    at_random = f"numgen random mod {len(SERVER_MACS)} map {{{{ {SERVERS} }}}}"
    return [
        Kernel("nftables, no balancing", [f"ether daddr set {SERVER_MACS[0]} {{leave}}"], servers=1),
        Kernel(REFERENCE, [f"ether daddr set {by_flow} {{leave}}"]),
        Kernel("nftables, sessions", maps=SESSIONS, rules=[
            f"ether daddr set {FLOW} map @sessions {{remember}}",
            f"ether daddr set {at_random} {{remember}}",
        ]),
        Turnoutd(build, "net_af_packet"),
        Turnoutd(build, "net_af_xdp"),
    ]  # fmt: skip
