"""scripts/real-server, on a host of its own."""

import pytest

from solicit import who_advertises

VIP = "203.0.113.80"
OTHER_VIP = "203.0.113.81"
VIP6 = "2001:db8:1::80"


@pytest.fixture
def host(empty_network):
    empty_network.lan("lan")
    return empty_network.host("real", "lan", "192.0.2.11/24", "2001:db8::11/64")


def setting(host, name: str, device="eth0") -> int:
    return int(host.run("cat", f"/proc/sys/net/ipv4/conf/{device}/{name}").stdout)


def loopback(host) -> str:
    return host.run("ip", "address", "show", "lo").stdout


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


def test_both_families_at_once_and_one_after_the_other(host):
    for _ in range(2):
        host.real_server("apply", VIP6, VIP)
    assert loopback(host).count(f"{VIP6}/128") == loopback(host).count(f"{VIP}/32") == 1
    host.real_server("check", VIP, VIP6)
    host.real_server("remove", VIP6)
    assert VIP6 not in loopback(host)
    assert setting(host, "arp_ignore") == 1, "the IPv4 VIP is left"
    host.real_server("remove", VIP, VIP6)
    assert setting(host, "arp_ignore") == 0


def test_an_ipv6_vip_leaves_arp_as_it_is(host):
    host.real_server("apply", VIP6)
    assert [setting(host, name) for name in ("arp_ignore", "arp_announce")] == [0, 0]
    assert "arp" not in host.real_server("check", VIP6).stdout


def test_where_ipv6_is_off_apply_says_so(host):
    host.run("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=1")
    done = host.real_server("apply", VIP6, VIP, check=False)
    assert (done.returncode, "IPv6 is off on lo" in done.stderr) == (1, True)
    assert VIP not in loopback(host), "refused in whole"


def test_a_kernel_takes_packets_for_its_ipv6_vip_and_never_says_that_it_has_it(empty_network, host):
    client = empty_network.host("client", "lan", "2001:db8::10/64")
    host.real_server("apply", VIP6)
    assert who_advertises(client, host.address6) == [host.mac()]
    assert who_advertises(client, VIP6) == []
    client.run("ip", "route", "add", f"{VIP6}/128", "dev", "eth0")
    client.run("ip", "neighbor", "add", VIP6, "lladdr", host.mac(), "dev", "eth0")
    assert client.ping(VIP6) == 1

    host.run("ip", "address", "add", f"{VIP6}/128", "dev", "eth0", "nodad")
    assert who_advertises(client, VIP6) == [host.mac()], "this is what check looks for"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (["sysctl", "-qw", "net.ipv6.conf.eth0.proxy_ndp=1"], "proxy_ndp is 1"),
        (["ip", "address", "del", f"{VIP6}/128", "dev", "lo"], f"{VIP6} is no address of lo"),
        (["ip", "address", "add", f"{VIP6}/128", "dev", "eth0", "nodad"], f"{VIP6} is an address of eth0"),
    ],
)
def test_check_names_what_is_wrong_in_ipv6(host, fault, said):
    host.real_server("apply", VIP6)
    host.run(*fault)
    done = host.real_server("check", VIP6, check=False)
    assert done.returncode == 1
    assert said in done.stdout
    assert "mend" in done.stdout


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


def test_a_gateway_of_each_family(host):
    for _ in range(2):
        host.real_server("apply", VIP, VIP6, "--gateway", "192.0.2.1", "--gateway", "2001:db8::1")
    assert host.run("ip", "-4", "route", "show", "default").stdout.startswith("default via 192.0.2.1 dev eth0")
    assert host.run("ip", "-6", "route", "show", "default").stdout.startswith("default via 2001:db8::1 dev eth0")


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["apply"], ["paint", VIP], ["apply", "nowhere"], ["apply", "2001:db8::g"], ["apply", "no:where"],
        ["check", VIP, "--gateway", "192.0.2.1"],
    ],  # fmt: skip
)
def test_wrong_arguments_are_refused(host, arguments):
    assert host.real_server(*arguments, check=False).returncode == 2
