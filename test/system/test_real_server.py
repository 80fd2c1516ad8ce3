"""scripts/real-server, on a host of its own."""

import pytest

VIP = "203.0.113.80"
OTHER_VIP = "203.0.113.81"


@pytest.fixture
def host(empty_network):
    empty_network.lan("lan")
    return empty_network.host("real", "lan", "192.0.2.11/24")


def setting(host, name: str, device="eth0") -> int:
    return int(host.run("cat", f"/proc/sys/net/ipv4/conf/{device}/{name}").stdout)


def loopback(host) -> str:
    return host.run("ip", "-4", "address", "show", "lo").stdout


def test_apply_may_be_run_any_number_of_times_and_remove_undoes_it(host):
    for _ in range(3):
        host.real_server("apply", VIP, OTHER_VIP)
    assert loopback(host).count(VIP) == loopback(host).count(OTHER_VIP) == 1
    assert [setting(host, name) for name in ("arp_ignore", "arp_announce")] == [1, 2]
    host.real_server("check", VIP, OTHER_VIP)

    host.real_server("remove", OTHER_VIP)
    assert setting(host, "arp_ignore") == 1, "another VIP is left"
    for _ in range(2):
        host.real_server("remove", VIP)
    assert VIP not in loopback(host)
    assert [setting(host, name) for name in ("arp_ignore", "arp_announce")] == [0, 0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (["sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0", "net.ipv4.conf.eth0.arp_ignore=0"], "arp_ignore is 0"),
        (["sysctl", "-qw", "net.ipv4.conf.all.arp_announce=0", "net.ipv4.conf.eth0.arp_announce=0"], "arp_announce is 0"),
        (["ip", "address", "del", f"{VIP}/32", "dev", "lo"], f"{VIP} is no address of lo"),
        (["ip", "address", "add", f"{VIP}/32", "dev", "eth0"], f"{VIP} is an address of eth0"),
        (["ip", "link", "set", "lo", "down"], "lo is down"),
    ],
)
def test_check_names_what_is_wrong(host, fault, said):
    host.real_server("apply", VIP)
    host.run(*fault)
    done = host.real_server("check", VIP, check=False)
    assert done.returncode == 1
    assert said in done.stdout
    assert "mend" in done.stdout


def test_a_gateway_becomes_the_default_route(host):
    host.real_server("apply", VIP, "--gateway", "192.0.2.1")
    host.real_server("apply", VIP, "--gateway", "192.0.2.1")
    assert host.run("ip", "route", "show", "default").stdout.startswith("default via 192.0.2.1 dev eth0")


@pytest.mark.parametrize(
    "arguments", [[], ["apply"], ["paint", VIP], ["apply", "nowhere"], ["check", VIP, "--gateway", "192.0.2.1"]]
)
def test_wrong_arguments_are_refused(host, arguments):
    assert host.real_server(*arguments, check=False).returncode == 2
