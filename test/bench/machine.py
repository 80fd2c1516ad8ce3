"""What the figures were measured on, and the memory that measuring takes."""

import os
import pathlib
import platform
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HUGEPAGES = pathlib.Path("/sys/kernel/mm/hugepages/hugepages-2048kB")


def free_hugepages() -> int:
    return int(pathlib.Path(HUGEPAGES, "free_hugepages").read_text())


def want_hugepages(megabytes: int) -> None:
    """Has the kernel keep more of them if too few are free; never fewer."""
    setting = pathlib.Path(HUGEPAGES, "nr_hugepages")
    missing = megabytes // 2 - free_hugepages()
    if missing > 0:
        setting.write_text(str(int(setting.read_text()) + missing))
    if free_hugepages() * 2 < megabytes - 1:
        sys.exit(f"{megabytes} MiB of memory are not free for hugepages: end what uses them, or use a larger machine")


def first_value(path: str, key: str) -> str:
    for line in pathlib.Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "unknown"


def output_of(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def processor() -> str:
    fields = {name: first_value("/proc/cpuinfo", name) for name in ("model name", "cpu family", "model", "cpu MHz")}
    return (f"{fields['model name']} (family {fields['cpu family']}, model {fields['model']}, "
            f"{float(fields['cpu MHz']) / 1000:.1f} GHz)")


def cache(level: int) -> str:
    for index in pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*"):
        if int((index / "level").read_text()) == level and (index / "type").read_text().strip() != "Instruction":
            return (index / "size").read_text().strip() + "iB"
    return "unknown"


def debian() -> str:
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return platform.system()


def commit() -> str:
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    name = output_of(*git, "rev-parse", "--short", "HEAD")
    changed = output_of(*git, "status", "--porcelain", "-uno", "--", "*.cpp", "*.h", "*.build")
    return name + (" with changes" if changed else "")


def describe(build: str) -> dict[str, str]:
    """In the order in which it is printed."""
    cores = str(len(os.sched_getaffinity(0)))
    return {
        "processor": processor(),
        "cores": cores + (", a virtual machine" if is_virtual() else ""),
        "caches": f"L2 {cache(2)}, L3 {cache(3)}",
        "system": f"{debian()}, Linux {platform.release()}",
        "DPDK": output_of("pkg-config", "--modversion", "libdpdk"),
        "Turnout": f"{output_of(f'{build}/turnoutd', '--version')}, commit {commit()}",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "date": time.strftime("%Y-%m-%d"),
    }


def is_virtual() -> bool:
    return " hypervisor " in f" {first_value('/proc/cpuinfo', 'flags')} "
