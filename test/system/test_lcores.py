"""Any number of lcores serves: one alone, or several workers on several queues."""

import contextlib

from clients import ask_many, get_over, open_connection
from director import af_packet, lcores, service


def test_one_lcore_does_it_all(network, director, servers):
    director.start(director.config([service(network.VIP, servers, "rr")], lcores=lcores(0)))
    assert ask_many(network.client, network.VIP, 30) == {"real1": 10, "real2": 10, "real3": 10}
    info = director.rpc("daemon.info")["lcores"]
    assert info == {"control": 0, "workers": [0]}
    assert "3 received" in network.client.run("ping", "-c", "3", "-i", "0.2", "-W", "2", network.VIP).stdout
    assert director.http("/healthz")[0] == 200


def test_two_workers_share_the_connections(network, director, servers):
    config = director.config(
        [service(network.VIP, servers)], lcores=lcores(2), devices=[af_packet(0, "dir0", ",qpairs=2")]
    )
    config["ports"][0]["rx_queues"] = 2
    director.start(config)
    assert director.rpc("port.list")[0]["rx_queues"] == 2

    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(open_connection(network.client, network.VIP)) for _ in range(60)
        ]
        before = [get_over(connection) for connection in connections]
        assert len(set(before)) == 3
        assert [get_over(connection) for connection in connections] == before
    workers = director.stats()["workers"]
    assert [worker["lcore"] for worker in workers] == [1, 2]
    assert all(worker["packets"] > 0 for worker in workers), workers
    queues = [worker["queues"] for worker in director.rpc("worker.list")]
    assert queues == [[{"ports": ["lan"], "queue": 0}], [{"ports": ["lan"], "queue": 1}]]
    assert director.service_stats(service(network.VIP, []))["connections"] == 60


def test_two_workers_keep_the_balance_of_rr(network, director, servers):
    """Each worker takes its turns by itself, so the counts may differ by one for each."""
    config = director.config(
        [service(network.VIP, servers, "rr")], lcores=lcores(2), devices=[af_packet(0, "dir0", ",qpairs=2")]
    )
    config["ports"][0]["rx_queues"] = 2
    director.start(config)
    answers = ask_many(network.client, network.VIP, 90)
    assert set(answers) == {"real1", "real2", "real3"}
    assert max(answers.values()) - min(answers.values()) <= 2
