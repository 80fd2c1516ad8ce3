"""How much two workers forward beside one: two receive queues, each with flows of its own.

The second worker has a core to itself; the first shares one with the control thread, which sleeps between its timers.
testpmd with two forwarding cores and with one says what the machine itself gains by a second core.
"""

import os
import sys
import tempfile

import flows
from beside_testpmd import Port, testpmd_rate, turnout_rate
from machine import want_hugepages

FLOWS = 65536  # in each queue


def measure(build: str, rounds: int, seconds: float) -> list[tuple[float, float, float]]:
    """Packets per second of turnoutd with one worker and with two, and testpmd's gain, round by round."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("two cores are needed: one for each worker")
    with tempfile.TemporaryDirectory() as folder:
        ports = {queues: Port(folder, FLOWS, flows.ACK, queues) for queues in (1, 2)}
        want_hugepages(ports[2].megabytes + 64)
        return [one_round(build, ports, cores, seconds, number) for number in range(1, rounds + 1)]


def one_round(build: str, ports: dict[int, Port], cores: list[int], seconds: float,
              number: int) -> tuple[float, float, float]:
    reference, ours = [], []
    for queues, port in ports.items():
        workers = cores[-queues:]
        reference.append(testpmd_rate(port, cores[0], workers, seconds))
        ours.append(turnout_rate(build, port, cores[0], workers, seconds))
    gain = reference[1] / reference[0]
    print(f"  round {number}: one worker {ours[0] / 1e6:.2f} Mpps, two {ours[1] / 1e6:.2f} Mpps, "
          f"ratio {ours[1] / ours[0]:.2f}; testpmd {gain:.2f}", flush=True)
    return ours[0], ours[1], gain
