"""What a service has written into its packets arrives at real servers, whose kernels take the packets."""

import json

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6

from clients import ask_many
from director import key, service
from network import Wire
from rpc import RpcError

EXPEDITED = 46  # RFC 3246


def classes_at(wire: Wire, vip: str) -> set[int]:
    """The traffic classes (type of service) of what arrived for the VIP."""
    layer = IPv6 if ":" in vip else IP
    frames = wire.received(lambda frame: layer in frame and frame[layer].dst == vip)
    assert frames
    return {frame[layer].tc if layer is IPv6 else frame[layer].tos for frame in frames}


def test_requests_arrive_marked_until_they_are_left_alone_again(dual_network, lan, standing, serve):
    vip, servers = lan
    made = serve(service(vip, servers[:1]) | {"dscp": EXPEDITED})
    with Wire(dual_network.servers[0]) as wire:
        assert set(ask_many(dual_network.client, vip, 10)) == {"real1"}  # IPv4's checksum is right, or nobody answered
        assert classes_at(wire, vip) == {EXPEDITED << 2}
    words = ["service", "edit", "tcp", f"[{vip}]:80" if ":" in vip else f"{vip}:80"]
    standing.ctl(*words, "--dscp", "none")
    with Wire(dual_network.servers[0]) as wire:
        assert set(ask_many(dual_network.client, vip, 10)) == {"real1"}
        assert classes_at(wire, vip) == {0}
    assert "dscp" not in next(each for each in standing.rpc("service.list") if key(each) == key(made))


@pytest.mark.parametrize("dscp", [64, -1, "af41", 1.5])
def test_what_is_no_dscp_is_refused(dual_network, standing, serve, dscp):
    made = serve(service(dual_network.VIP, [dual_network.servers[0].address]))
    with pytest.raises(RpcError) as refused:
        standing.rpc("service.edit", {**key(made), "dscp": dscp})
    assert "/dscp" in refused.value.pointers()


def test_it_is_seen_in_metrics_and_in_a_trace(dual_network, standing, serve):
    vip = dual_network.VIP
    serve(service(vip, [dual_network.servers[0].address]) | {"dscp": EXPEDITED, "vlan_priority": 5})
    marks = standing.metrics()["turnout_service_mark"]
    assert {value for labels, value in marks.items() if f'vip="{vip}"' in labels} == {EXPEDITED, 5}
    told = json.loads(standing.ctl("--json", "trace", "tcp", f"{dual_network.client.address}:1234", f"{vip}:80").stdout)
    assert f"its DSCP becomes {EXPEDITED}" in told["decisions"]
    assert "vlan_priority_unused" in standing.ctl("doctor", check=False).stdout
