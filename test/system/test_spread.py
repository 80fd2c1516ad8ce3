"""RSS in software: a port with one receive queue, and two workers that share its flows and its transmit queue."""

import contextlib

import pytest

from clients import ask_many, datagram_answer, echoing, get_over, open_connection
from director import DUAL_PORT, af_packet, af_xdp, lcores, service
from test_fragments import flow, fragments, send
from waiting import wait_for

PORT = 5353


def one_queue(director, services, **port):
    """A configuration of two workers and a veth port with one queue."""
    config = director.config(services, lcores=lcores(2), devices=[af_packet(0, "dir0", ",qpairs=1")])
    config["ports"][0].update(port)
    return config


def packets_of_workers(director) -> list[float]:
    metrics = director.metrics()["turnout_worker_packets_total"]
    return [metrics['lcore="1"'], metrics['lcore="2"']]


def test_two_workers_share_the_connections_of_one_queue(network, director, servers):
    director.start(one_queue(director, [service(network.VIP, servers)]))
    assert "1 receive queue for 2 workers: its flows are spread over the workers in software" in director.log()
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(open_connection(network.client, network.VIP)) for _ in range(60)
        ]
        before = [get_over(connection) for connection in connections]
        assert len(set(before)) == 3
        assert [get_over(connection) for connection in connections] == before
    assert min(packets_of_workers(director)) > 60, "a worker has forwarded next to nothing"
    assert director.service_stats(service(network.VIP, []))["connections"] == 60
    port = director.rpc("port.list")[0]
    assert (port["rx_queues"], port["tx_queues"], port["spread"]) == (1, 1, True)
    workers = director.rpc("worker.list")
    assert workers[0]["queues"] == [{"ports": ["lan"], "queue": 0, "spread": True}]
    assert workers[1]["queues"] == [{"ports": ["lan"], "queue": 0, "handed_over_by": 1}]

    def all_taken():
        spread = director.metrics()["turnout_worker_spread_packets_total"]
        handed = spread['lcore="1",direction="handed_over"']
        return handed > 60 and handed == spread['lcore="2",direction="taken_over"']

    wait_for("all that was handed over taken", all_taken, 2)
    assert director.stats()["drops"]["spread_full"] == 0
    shown = director.ctl("workers", "--interval", "0").stdout
    assert "lan:0 (spread)" in shown and "lan:0 (by 1)" in shown
    found = {finding["code"] for finding in director.rpc("doctor")["findings"]}
    assert not found & {"spread_off", "rss_missing", "lcores_unused"}


def test_trace_names_the_worker_of_a_flow(network, director, servers):
    director.start(one_queue(director, [service(network.VIP, servers)]))
    with open_connection(network.client, network.VIP) as connection:
        get_over(connection)
        source, source_port = connection.sock.getsockname()[:2]
        answer = director.rpc("trace", {
            "protocol": "tcp", "source": source, "source_port": source_port, "destination": network.VIP,
            "destination_port": 80, "flags": "ack",
        })  # fmt: skip
        before = packets_of_workers(director)
        for _ in range(50):
            get_over(connection)
        after = packets_of_workers(director)
    assert answer["worker"] in (1, 2)
    assert answer["decisions"][0].startswith(f"worker lcore {answer['worker']} gets it, by RSS in software")
    grown = [new - old for new, old in zip(after, before, strict=True)]
    assert grown[answer["worker"] - 1] >= 50 > grown[2 - answer["worker"]], grown


def test_switched_off_one_worker_does_it_all(network, director, servers):
    director.start(one_queue(director, [service(network.VIP, servers)], spread="off"))
    assert sum(ask_many(network.client, network.VIP, 30).values()) == 30
    assert [worker["lcore"] for worker in director.stats()["workers"]] == [1]
    assert director.rpc("port.list")[0]["spread"] is False
    assert "1 worker lcore not used" in director.log()
    found = {finding["code"] for finding in director.rpc("doctor")["findings"]}
    assert "lcores_unused" in found
    done = director.rpc("config.get")
    assert done["ports"][0]["spread"] == "off"


def test_it_can_be_had_on_top_of_the_devices_own(network, director, servers):
    config = director.config(
        [service(network.VIP, servers)], lcores=lcores(2), devices=[af_packet(0, "dir0", ",qpairs=2")]
    )
    config["ports"][0]["spread"] = "on"
    director.start(config)
    assert sum(ask_many(network.client, network.VIP, 60).values()) == 60
    workers = director.rpc("worker.list")
    assert [len(worker["queues"]) for worker in workers] == [2, 2]
    assert all(worker["packets"] > 20 for worker in workers)


@pytest.mark.parametrize("vip", ["VIP", "VIP6"])
def test_fragments_of_a_datagram_meet_in_one_worker(dual_network, dual_director, vip):
    address = getattr(dual_network, vip)
    servers = dual_network.servers6() if ":" in address else [server.address for server in dual_network.servers]
    dual_director.start(dual_director.config(
        [service(address, servers, "rr", "udp", PORT)], lcores=lcores(2), devices=[af_xdp(0, "dir0")],
        ports=[{**DUAL_PORT, "device": "net_af_xdp0"}],
    ))  # fmt: skip
    said = bytes(range(250)) * 20
    with echoing(dual_network.servers, address, PORT):
        for _ in range(12):
            with contextlib.closing(flow(dual_network, address)) as client:
                name = datagram_answer(client, address, PORT, b"small")
                assert datagram_answer(client, address, PORT, said) == name
                send(dual_network, fragments(dual_network, address, client, said)[::-1])
                assert client.recvfrom(65535)[0] == name.encode() + b":" + said
    assert dual_director.stats()["drops"]["fragment"] == 0
    assert min(packets_of_workers(dual_director)) > 0


def test_a_port_that_can_be_rebalanced_says_so(network, director, servers):
    director.start(one_queue(director, [service(network.VIP, servers)], rebalance=True))
    assert sum(ask_many(network.client, network.VIP, 30).values()) == 30
    assert director.rpc("port.list")[0]["rebalance"] == {"moves": 0, "problem": None}
    assert director.metrics()["turnout_port_rebalances_total"] == {'port="lan"': 0}
    assert "can't be rebalanced" not in director.log()


def test_a_port_that_cannot_be_rebalanced_says_so_once(network, director, servers):
    config = director.config(
        [service(network.VIP, servers)], lcores=lcores(2), devices=[af_packet(0, "dir0", ",qpairs=2")]
    )
    config["ports"][0]["rebalance"] = True
    director.start(config)
    assert sum(ask_many(network.client, network.VIP, 30).values()) == 30
    said = "port 'lan': its flows can't be rebalanced: its device has no redirection table"
    assert director.log().count(said) == 1
    assert director.rpc("port.list")[0]["rebalance"]["problem"] == "its device has no redirection table"
    found = [finding for finding in director.rpc("doctor")["findings"] if finding["code"] == "rebalance_unsupported"]
    assert [finding["subject"] for finding in found] == ["port 'lan'"]
