"""scripts/real-server, on a host of its own."""

import contextlib

import pytest
from scapy.layers.l2 import ARP

from network import ROOT, Wire
from solicit import who_advertises, who_has

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
        (["sysctl", "-qw", "net.ipv4.conf.eth0.arp_ignore=8"], "arp_ignore is 8"),
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
        ["check", VIP, "--gateway", "192.0.2.1"], ["apply", VIP, "--mode", "paint"], ["apply", VIP, "--mode"],
        ["apply", VIP, "--weight", "2"], ["apply", VIP, "--gateway", "192.0.2.1", "--weight", "0"],
        ["apply", VIP, "--gateway", "192.0.2.1", "--gateway", "192.0.2.3"], ["remove", VIP, "--no-persist"],
    ],  # fmt: skip
)
def test_wrong_arguments_are_refused(host, arguments):
    assert host.real_server(*arguments, check=False).returncode == 2


def test_a_gateway_that_is_nowhere_near_is_refused_before_anything_is_changed(host):
    done = host.real_server("apply", VIP, "--gateway", "10.9.9.9", check=False)
    assert (done.returncode, "--gateway 10.9.9.9 is on the subnet of none" in done.stderr) == (1, True)
    assert VIP not in loopback(host)
    assert setting(host, "arp_ignore") == 0


# ---- keeping quiet ----


def senders_of_requests(client, host) -> set[str]:
    """Whom the host names as the sender when it talks from its VIP to a neighbour that it doesn't know."""
    host.forget_neighbors()
    with Wire(client) as wire:
        host.run("ping", "-c", "1", "-W", "1", "-I", VIP, client.address, check=False)
        heard = wire.received(lambda frame: ARP in frame and frame[ARP].op == 1 and frame[ARP].hwsrc == host.mac())
    return {frame[ARP].psrc for frame in heard}


def test_without_it_a_kernel_says_that_it_has_the_vip(empty_network, host):
    client = empty_network.host("client", "lan", "192.0.2.10/24")
    host.run("ip", "address", "add", f"{VIP}/32", "dev", "lo")
    assert who_has(client, VIP) == [host.mac()], "this is what real-server is against"
    assert senders_of_requests(client, host) == {VIP}


@pytest.mark.parametrize("mode", ["sysctl", "nftables", "arptables"])
def test_every_mode_keeps_a_kernel_quiet_until_the_vip_is_removed(empty_network, host, mode):
    client = empty_network.host("client", "lan", "192.0.2.10/24")
    for _ in range(2):
        host.real_server("apply", VIP, OTHER_VIP, "--mode", mode)
    assert setting(host, "arp_ignore") == (1 if mode == "sysctl" else 0)
    assert who_has(client, VIP) == who_has(client, OTHER_VIP) == []
    assert who_has(client, host.address) == [host.mac()], "it has to be found all the same"
    assert senders_of_requests(client, host) == {host.address}
    reason = "right: arp_ignore is 1" if mode == "sysctl" else f"right: {mode} keeps ARP quiet about {VIP}"
    assert reason in host.real_server("check", VIP).stdout

    host.real_server("remove", VIP)
    assert who_has(client, VIP) == who_has(client, OTHER_VIP) == [], "the other is still there"
    host.real_server("remove", OTHER_VIP)
    host.run("ip", "address", "add", f"{VIP}/32", "dev", "lo")
    assert who_has(client, VIP) == [host.mac()], "nothing is left of it"


@pytest.mark.parametrize("mode", ["nftables", "arptables"])
def test_remove_leaves_settings_alone_that_apply_did_not_change(host, mode):
    host.run("sysctl", "-qw", "net.ipv4.conf.eth0.arp_ignore=2", "net.ipv4.conf.all.arp_announce=1")
    host.real_server("apply", VIP, "--mode", mode)
    for _ in range(2):
        host.real_server("remove", VIP)
    assert (setting(host, "arp_ignore"), setting(host, "arp_announce", "all")) == (2, 1)


def test_check_sees_a_vip_that_the_filter_has_not(host):
    host.real_server("apply", VIP, "--mode", "nftables")
    host.run("ip", "address", "add", f"{OTHER_VIP}/32", "dev", "lo")
    done = host.real_server("check", VIP, OTHER_VIP, check=False)
    assert done.returncode == 1
    assert f"nftables keeps ARP quiet about {VIP}" in done.stdout
    assert "arp_ignore is 0" in done.stdout


# ---- several providers ----


@pytest.fixture
def two_uplinks(empty_network, host):
    """The host and its two routers, of which each knows the way to a client behind it, of the same address."""
    empty_network.lan("other")
    empty_network.plug(host, "eth1", "other", "198.51.100.11/24", "2001:db8:5::11/64")
    routers = []
    for name, lan, addresses in (("isp1", "lan", ("192.0.2.1/24", "2001:db8::1/64")),
                                 ("isp2", "other", ("198.51.100.1/24", "2001:db8:5::1/64"))):
        router = empty_network.host(name, lan, *addresses)
        for address in ("203.0.113.200/32", "2001:db8:9::200/128"):
            router.run("ip", "address", "add", address, "dev", "lo", *(["nodad"] if ":" in address else []))
        for vip in (VIP, OTHER_VIP, VIP6, "2001:db8:1::81"):
            router.run("ip", "route", "add", vip, "via", host.addresses[0 if "." in vip else 1].split("/")[0]
                       if name == "isp1" else "198.51.100.11" if "." in vip else "2001:db8:5::11")
        routers.append(router)
    return routers


FOUR_VIPS = [VIP, "--gateway", "192.0.2.1", OTHER_VIP, "--gateway", "198.51.100.1", "--weight", "3",
             VIP6, "--gateway", "2001:db8::1", "2001:db8:1::81", "--gateway", "2001:db8:5::1"]  # fmt: skip


def answers(router, vip: str) -> bool:
    """Does a client behind this router get replies of the VIP by it?"""
    return router.ping(vip, 1, "-I", "203.0.113.200" if "." in vip else "2001:db8:9::200") == 1


def test_replies_of_each_vip_leave_by_its_own_router(host, two_uplinks):
    for _ in range(2):
        host.real_server("apply", *FOUR_VIPS)
    first, second = two_uplinks
    for own, other, vips in ((first, second, (VIP, VIP6)), (second, first, (OTHER_VIP, "2001:db8:1::81"))):
        for vip in vips:
            assert answers(own, vip)
            assert not answers(other, vip), "the reply went to the other router"
    default = host.run("ip", "route", "show", "default").stdout
    assert "via 192.0.2.1 dev eth0 weight 1" in default
    assert "via 198.51.100.1 dev eth1 weight 3" in default
    said = host.real_server("check", VIP, OTHER_VIP).stdout
    assert f"replies of {OTHER_VIP} leave by table 2: default via 198.51.100.1" in said
    assert host.run("ip", "rule", "show", "pref", "7800").stdout.count("lookup") == 2, "once each"


def test_replies_to_the_own_subnet_need_no_router(host, two_uplinks):
    """As those to the director's health checks: the router may be down."""
    host.real_server("apply", *FOUR_VIPS)
    for vip, to, device in ((VIP, "192.0.2.2", "eth0"), (OTHER_VIP, "198.51.100.2", "eth1"), (VIP6, "2001:db8::2", "eth0")):
        way = host.run("ip", "route", "get", to, "from", vip).stdout
        assert f"dev {device}" in way and "via" not in way, way


def test_a_vip_may_change_its_router(host, two_uplinks):
    host.real_server("apply", *FOUR_VIPS)
    host.real_server("apply", VIP, "--gateway", "198.51.100.1", OTHER_VIP, "--gateway", "192.0.2.1")
    first, second = two_uplinks
    assert answers(second, VIP)
    assert answers(first, OTHER_VIP)
    assert not answers(first, VIP)


def test_check_sees_a_table_that_leads_nowhere(host, two_uplinks):
    host.real_server("apply", *FOUR_VIPS)
    host.run("ip", "route", "flush", "table", "2")
    done = host.real_server("check", OTHER_VIP, check=False)
    assert done.returncode == 1
    assert "routing table 2, which has no default route" in done.stdout


def test_remove_takes_rules_and_tables_away(host, two_uplinks):
    host.real_server("apply", *FOUR_VIPS)
    host.real_server("remove", OTHER_VIP)
    assert host.run("ip", "rule", "show", "pref", "7800").stdout.split() == ["7800:", "from", VIP, "lookup", "1"]
    assert "default" not in host.run("ip", "route", "show", "table", "2", check=False).stdout
    host.real_server("remove", VIP, VIP6, "2001:db8:1::81")
    for family in ("-4", "-6"):
        assert host.run("ip", family, "rule", "show", "pref", "7800").stdout == ""


# ---- after a reboot ----

UNIT = "etc/systemd/system/turnout-real-server.service"


def reboot(host, root) -> None:
    """Takes everything away, then does what systemd would."""
    host.run("ip", "address", "flush", "dev", "lo")
    for vip in (VIP, OTHER_VIP, VIP6):
        for family in ("-4", "-6"):
            with contextlib.suppress(AssertionError):
                host.run("ip", family, "rule", "del", "from", vip)
    host.run("ip", "route", "flush", "table", "all", "proto", "boot")
    host.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=0", "net.ipv4.conf.all.arp_announce=0")
    host.run("sysctl", "-qw", "net.ipv4.conf.eth0.arp_ignore=0", "net.ipv4.conf.eth0.arp_announce=0")
    host.run("nft", "flush", "ruleset")
    host.run("arptables", "-F")
    for line in (root / UNIT).read_text().splitlines():
        if line.startswith("ExecStart="):
            command = line.removeprefix("ExecStart=")
            host.run("sh", "-c", command.removeprefix("-").replace("$$", "$").replace("%%", "%"),
                     check=not command.startswith("-"))


@pytest.mark.parametrize("mode", ["sysctl", "nftables", "arptables"])
def test_all_of_it_comes_back_after_a_reboot(empty_network, host, two_uplinks, tmp_path, mode):
    client = empty_network.host("client", "lan", "192.0.2.10/24")
    host.real_server("apply", *FOUR_VIPS[:3], "--mode", mode, "--root", tmp_path)
    host.real_server("apply", *FOUR_VIPS[3:9], "--root", tmp_path)  # what was applied before stays
    assert (tmp_path / "etc/systemd/system/multi-user.target.wants/turnout-real-server.service").exists()
    reboot(host, tmp_path)
    said = host.real_server("check", VIP, OTHER_VIP, VIP6, "--root", tmp_path).stdout
    assert said.count("after a reboot") == 3
    assert who_has(client, VIP) == who_has(client, OTHER_VIP) == []
    assert [answers(router, vip) for router, vip in zip(two_uplinks, (VIP, OTHER_VIP), strict=True)] == [True, True]

    host.real_server("remove", VIP, "--root", tmp_path)
    unit = (tmp_path / UNIT).read_text()
    assert VIP + "/32" not in unit
    assert OTHER_VIP + "/32" in unit
    host.real_server("remove", OTHER_VIP, VIP6, "--root", tmp_path)
    assert not [path for path in tmp_path.rglob("*") if not path.is_dir()]


def test_a_vip_that_is_applied_again_keeps_its_gateway(host, two_uplinks, tmp_path):
    host.real_server("apply", *FOUR_VIPS, "--root", tmp_path)
    host.real_server("apply", VIP, OTHER_VIP, "--root", tmp_path)
    assert answers(two_uplinks[0], VIP)
    assert answers(two_uplinks[1], OTHER_VIP)
    assert "via 198.51.100.1 dev eth1 weight 3" in host.run("ip", "route", "show", "default").stdout


def test_check_says_what_will_not_come_back(host, tmp_path):
    host.real_server("apply", VIP, "--root", tmp_path)
    host.run("ip", "address", "add", f"{OTHER_VIP}/32", "dev", "lo")
    done = host.real_server("check", VIP, OTHER_VIP, "--root", tmp_path, check=False)
    assert done.returncode == 1
    assert f"does not bring {OTHER_VIP} back after a reboot" in done.stdout


def test_it_can_be_sent_over_ssh(host):
    """As `ssh HOST sudo sh -s check VIP < real-server` does: the shell reads it from its standard input."""
    script = (ROOT / "scripts/real-server").read_text()
    done = host.run("sh", "-s", "apply", VIP, "--no-persist", "--mode", "nftables", input=script)
    assert f"{VIP} added to lo" in done.stdout
    assert f"{VIP} is an address of lo" in host.run("sh", "-s", "check", VIP, input=script).stdout
