"""The director's ARP: it answers for its VIPs and its own address, and for nothing else."""

import time

import pytest
from scapy.layers.l2 import ARP, Ether

from director import key, service
from network import Wire
from solicit import who_has


@pytest.fixture
def running(network, director, servers):
    director.start(director.config([service(network.VIP, servers)]))
    return director


@pytest.mark.parametrize("which", ["VIP", "DIRECTOR"])
def test_the_director_alone_answers_for_its_addresses(network, running, which):
    assert who_has(network.client, getattr(network, which)) == [network.director.mac("dir0")]


def test_it_is_silent_for_an_unused_address(network, running):
    assert who_has(network.client, network.UNUSED) == []


def test_real_servers_answer_for_themselves(network, running):
    for server in network.servers:
        assert who_has(network.client, server.address) == [server.mac()]


def test_a_kernel_learns_the_vip(network, running):
    network.client.forget_neighbors()
    network.client.run("ping", "-c", "1", "-W", "2", network.VIP)
    assert network.client.neighbors()[network.VIP] == network.director.mac("dir0")


@pytest.mark.parametrize("which", ["VIP", "DIRECTOR"])
def test_ping_is_answered(network, running, which):
    said = network.client.run("ping", "-c", "3", "-i", "0.2", "-W", "2", getattr(network, which)).stdout
    assert "3 received" in said
    assert running.stats()["punts"]["icmp_echo"] == 3


def test_a_new_vip_is_announced(network, running, servers):
    added = service(network.MORE_VIPS[0], servers)
    with Wire(network.client) as wire:
        running.rpc("service.add", added)
        announced = wire.received(lambda frame: ARP in frame and frame[ARP].psrc == added["vip"])
    assert announced, "no gratuitous ARP"
    for frame in announced:
        assert frame.dst == "ff:ff:ff:ff:ff:ff"
        assert frame[ARP].pdst == added["vip"]
        assert frame[ARP].hwsrc == frame.src == network.director.mac("dir0")


def test_a_removed_vip_is_answered_for_no_more(network, running, servers):
    added = service(network.MORE_VIPS[0], servers)
    running.rpc("service.add", added)
    assert who_has(network.client, added["vip"]) == [network.director.mac("dir0")]
    running.rpc("service.delete", key(added))
    time.sleep(0.1)
    assert who_has(network.client, added["vip"]) == []
