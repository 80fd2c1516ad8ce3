"""Two providers, each with a router, a subnet and a VIP of its own: one is cut and comes back, the other serves on."""

import contextlib
from dataclasses import dataclass

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from clients import Hammer, ask_many
from director import af_packet, service
from network import Host, Network, Wire
from solicit import who_advertises, who_has
from waiting import wait_for

UPLINK = {"interval": 0.5, "timeout": 1, "rise": 2, "fall": 3}


@dataclass(frozen=True)
class Family:
    """The addresses of one family: of each provider, its VIP, its router and its real servers; and a host behind both."""

    vips: tuple[str, str]
    gateways: tuple[str, str]
    servers: tuple[str, str]
    far: str
    question: str

    def real_servers(self, provider: int) -> list[str]:
        return [f"{self.servers[provider]}{number}" for number in (11, 12)]

    def who_has(self, asker: Host, vip: str) -> list[str]:
        return (who_advertises if ":" in vip else who_has)(asker, vip)


IPV4 = Family(("203.0.113.100", "192.0.2.100"), ("203.0.113.1", "192.0.2.1"), ("203.0.113.", "192.0.2."),
              "198.51.100.10", "ARP")  # fmt: skip
IPV6 = Family(("2001:db8:1::100", "2001:db8:2::100"), ("2001:db8:1::1", "2001:db8:2::1"),
              ("2001:db8:1::", "2001:db8:2::"), "2001:db8:f::10", "neighbor solicitations")  # fmt: skip
families = pytest.mark.parametrize("family", [IPV4, IPV6], ids=["ipv4", "ipv6"])


class Providers:
    """Real servers and the director are on both providers' LANs, the client is behind both routers."""

    def __init__(self, network: Network):
        for lan in ("lan1", "lan2", "internet"):
            network.lan(lan)
        self.client = network.host("client", "internet", "198.51.100.10/24", "2001:db8:f::10/64")
        self.routers = [
            network.router("isp1", ("lan1", ("203.0.113.1/24", "2001:db8:1::1/64")),
                           ("internet", ("198.51.100.1/24", "2001:db8:f::1/64"))),
            network.router("isp2", ("lan2", ("192.0.2.1/24", "2001:db8:2::1/64")),
                           ("internet", ("198.51.100.2/24", "2001:db8:f::2/64"))),
        ]  # fmt: skip
        for router, subnets in zip(self.routers, [("203.0.113.0/24", "2001:db8:1::/64"),
                                                  ("192.0.2.0/24", "2001:db8:2::/64")], strict=True):  # fmt: skip
            router.run("sysctl", "-qw", "net.ipv6.conf.eth0.keep_addr_on_down=1", "net.ipv6.conf.eth1.keep_addr_on_down=1")
            for subnet, address in zip(subnets, router.addresses[2:], strict=True):
                self.client.run("ip", "route", "add", subnet, "via", address.split("/")[0])
        self.neighbor = network.host("neighbor", "lan1", "203.0.113.50/24", "2001:db8:1::50/64")
        for number in (11, 12):
            self._add_real_server(network, number)
        self.director = network.host("director", "lan1", device="dir0")
        network.plug(self.director, "dir1", "lan2")

    def _add_real_server(self, network: Network, number: int) -> None:
        host = network.host(f"real{number}", "lan1", *(f"{family.servers[0]}{number}/{length}"
                                                       for family, length in ((IPV4, 24), (IPV6, 64))))  # fmt: skip
        network.plug(host, "eth1", "lan2", *(f"{family.servers[1]}{number}/{length}"
                                             for family, length in ((IPV4, 24), (IPV6, 64))))  # fmt: skip
        ways = [(vip, "--gateway", gateway) for family in (IPV4, IPV6)
                for vip, gateway in zip(family.vips, family.gateways, strict=True)]  # fmt: skip
        host.real_server("apply", *(word for way in ways for word in way))
        network.web(host)

    def ask(self, family: Family, provider: int, count=6) -> None:
        """The VIP of a provider is served by both real servers, and every reply comes by that provider's router."""
        vip = family.vips[provider]
        with Wire(self.client) as wire:
            answers = ask_many(self.client, vip, count)
            replies = wire.received(lambda frame: any(at in frame and frame[at].src == vip for at in (IP, IPv6)), 0.2)
        assert answers == {"real11": count // 2, "real12": count // 2}
        assert {frame.src for frame in replies} == {self.routers[provider].mac("eth1")}


@pytest.fixture
def providers(empty_network) -> Providers:
    return Providers(empty_network)


@pytest.fixture
def director(providers, make_director):
    return make_director(providers.director)


def start(director, family: Family, **uplink) -> None:
    """Round robin, so that both real servers are asked."""
    director.start(director.config(
        [service(vip, family.real_servers(provider), "rr") for provider, vip in enumerate(family.vips)],
        devices=[af_packet(0, "dir0"), af_packet(1, "dir1")],
        vips=[{"address": vip, "depends_on_uplink": f"isp{number}"} for number, vip in enumerate(family.vips, 1)],
        ports=[
            {"name": "isp1", "device": "net_af_packet0", "addresses": ["203.0.113.2/24", "2001:db8:1::2/64"],
             "gateway": ["203.0.113.1", "2001:db8:1::1"], "uplink": {**UPLINK, **uplink}},
            {"name": "isp2", "device": "net_af_packet1", "addresses": ["192.0.2.2/24", "2001:db8:2::2/64"],
             "gateway": ["192.0.2.1", "2001:db8:2::1"], "uplink": UPLINK},
        ],
    ))  # fmt: skip


def uplink(director, family: Family, provider: int) -> dict:
    ports = {port["name"]: port for port in director.rpc("port.list")}
    return next(each for each in ports[f"isp{provider + 1}"]["uplink"] if each["gateway"] == family.gateways[provider])


def wait_for_state(director, family: Family, state: str) -> None:
    """Of the first provider's uplink."""
    wait_for(f"the first uplink being {state}", lambda: uplink(director, family, 0)["state"] == state, 20)


def metric(director, name: str, **labels) -> float:
    return director.metrics()[name][",".join(f'{label}="{value}"' for label, value in labels.items())]


def withdrawn(director) -> set[str]:
    return {vip["address"] for vip in director.rpc("vip.list") if vip["withdrawn"]}


@families
def test_one_provider_is_cut_and_comes_back_while_the_other_serves_on(providers, director, family):
    start(director, family)
    first, second = family.vips
    for provider in (0, 1):
        providers.ask(family, provider)
    dir0 = providers.director.mac("dir0")
    assert family.who_has(providers.neighbor, first) == [dir0]
    assert [uplink(director, family, provider)["state"] for provider in (0, 1)] == ["up", "up"]
    assert withdrawn(director) == set()

    with Hammer(providers.client, second) as hammer:
        providers.routers[0].set_up(False)
        wait_for_state(director, family, "down")
        down = uplink(director, family, 0)
        assert down["reason"].startswith(f"gateway {family.gateways[0]} does not answer {family.question}")
        assert (down["family"], down["echo"]) == ("ipv6" if family is IPV6 else "ipv4", None)
        assert f"gateway {family.gateways[0]} does not answer {family.question} (3 requests): VIP {first} withdrawn" \
            in director.log()  # fmt: skip
        for provider, is_up in ((0, 0), (1, 1)):
            labels = {"port": f"isp{provider + 1}", "gateway": family.gateways[provider]}
            assert metric(director, "turnout_uplink_up", **labels) == is_up
            assert metric(director, "turnout_uplink_changes_total", **labels) == 1 - is_up
            assert metric(director, "turnout_vip_withdrawn", vip=family.vips[provider]) == 1 - is_up
        assert withdrawn(director) == {first}
        assert family.who_has(providers.neighbor, first) == []

        providers.routers[0].set_up(True)
        wait_for_state(director, family, "up")
        assert family.who_has(providers.neighbor, first) == [dir0]
        wait_for("the first VIP being served again", lambda: serves(providers, first))
    assert hammer.failures == [], "the other provider's VIP was there all the time"
    assert len(hammer.answers) == 2

    for provider in (0, 1):
        providers.ask(family, provider)
    assert withdrawn(director) == set()
    assert f"gateway {family.gateways[0]} answers: VIP {first} announced again" in director.log()
    assert metric(director, "turnout_uplink_changes_total", port="isp1", gateway=family.gateways[0]) == 2
    told = [event for event in director.rpc("events.list")["events"] if event.get("gateway") == family.gateways[0]]
    assert [event["kind"] for event in told] == ["uplink_down", "vips_withdrawn", "uplink_up", "vips_announced"]
    assert {event["port"] for event in told} == {"isp1"}
    assert told[0]["cause"] == "gateway" and told[1]["vips"] == told[3]["vips"] == [first]


def serves(providers: Providers, vip: str) -> bool:
    with contextlib.suppress(OSError):
        return sum(ask_many(providers.client, vip, 1).values()) == 1
    return False


@families
def test_a_router_that_lives_is_no_uplink_if_nothing_behind_it_answers(providers, director, family):
    start(director, family, echo=family.far)
    first, second = family.vips
    wait_for("a ping being answered", lambda: director.stats()["punts"]["health"] > 0)
    providers.ask(family, 0)
    assert uplink(director, family, 0)["echo"] == family.far

    providers.routers[0].set_up(False, "eth1")  # on its other side
    wait_for_state(director, family, "down")
    reason = f"far target {family.far} does not answer pings, though gateway {family.gateways[0]} answers {family.question}"
    assert uplink(director, family, 0)["reason"] == reason
    assert f"port 'isp1': uplink down: {reason}: VIP {first} withdrawn" in director.log()
    assert family.who_has(providers.neighbor, first) == []
    assert withdrawn(director) == {first}
    providers.ask(family, 1)

    providers.routers[0].set_up(True, "eth1")
    wait_for_state(director, family, "up")
    assert family.who_has(providers.neighbor, first) == [providers.director.mac("dir0")]
    wait_for("the first VIP being served again", lambda: serves(providers, first))


def test_what_still_comes_for_a_withdrawn_vip_is_forwarded_and_the_tie_can_be_taken_away(providers, director):
    start(director, IPV4, echo="198.51.100.99")  # where nobody is
    first = IPV4.vips[0]
    dir0 = providers.director.mac("dir0")
    providers.routers[0].run("ip", "neighbor", "replace", first, "lladdr", dir0, "dev", "eth0", "nud", "permanent")
    wait_for_state(director, IPV4, "down")
    assert who_has(providers.neighbor, first) == []
    providers.ask(IPV4, 0)
    assert providers.client.ping(first) == 0

    director.rpc("vip.edit", {"vip": first, "depends_on_uplink": ""})
    assert who_has(providers.neighbor, first) == [dir0]
    assert providers.client.ping(first) == 1
