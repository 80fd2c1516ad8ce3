"""/metrics and /healthz, judged by Prometheus' own tools."""

import json
import subprocess
import urllib.parse

import pytest

from clients import ask_many, get
from director import HTTP, service
from waiting import wait_for

METRICS = """
turnout_port_receive_packets_total turnout_port_receive_bytes_total
turnout_port_transmit_packets_total turnout_port_transmit_bytes_total
turnout_service_packets_total turnout_service_bytes_total turnout_service_connections_total
turnout_server_packets_total turnout_server_bytes_total turnout_server_connections_total
turnout_server_up turnout_server_weight turnout_server_active_connections
turnout_dropped_packets_total turnout_punted_packets_total
turnout_connection_table_entries turnout_connection_table_capacity
turnout_connection_table_inserted_total turnout_connection_table_expired_total
turnout_connection_table_evicted_total turnout_connection_table_stateless_total
turnout_worker_busy_cycles_total turnout_worker_idle_cycles_total turnout_worker_packets_total
turnout_worker_polls_total turnout_worker_bursts_total turnout_worker_full_bursts_total turnout_cycles_per_second
turnout_config_generation turnout_build_info
""".split()


@pytest.fixture
def running(network, director, servers):
    director.start(director.config([service(network.VIP, list(zip(servers, (1, 2, 1))), "wrr")]))
    return director


def label(metrics: dict, name: str, *parts: str) -> float:
    """The one value of a metric whose labels hold all of `parts`."""
    found = [value for labels, value in metrics[name].items() if all(part in labels for part in parts)]
    assert len(found) == 1, f"{name} with {parts}: {metrics[name]}"
    return found[0]


def test_promtool_has_nothing_to_say(network, running):
    ask_many(network.client, network.VIP, 8)
    status, body = running.http("/metrics")
    assert status == 200
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_all_names_are_there(network, running):
    ask_many(network.client, network.VIP, 8)
    metrics = running.metrics()
    assert [name for name in METRICS if name not in metrics] == []


def test_values_are_those_of_what_happened(network, running, servers):
    ask_many(network.client, network.VIP, 20)
    metrics = running.metrics()
    assert label(metrics, "turnout_service_connections_total", 'port="80"', 'protocol="tcp"', network.VIP) == 20
    for server, weight in zip(servers, (1, 2, 1)):
        assert label(metrics, "turnout_server_connections_total", f'server="{server}"') == 5 * weight
        assert label(metrics, "turnout_server_weight", f'server="{server}"') == weight
        assert label(metrics, "turnout_server_up", f'server="{server}"') == 1
    assert metrics["turnout_connection_table_inserted_total"][""] == 20
    assert metrics["turnout_config_generation"][""] == running.generation()
    assert label(metrics, "turnout_worker_packets_total", 'lcore="1"') > 100
    polls, bursts = (label(metrics, f"turnout_worker_{name}_total", 'lcore="1"') for name in ("polls", "bursts"))
    assert polls > bursts > 0
    stats = running.stats()
    assert label(metrics, "turnout_service_bytes_total", network.VIP) == stats["services"][0]["bytes"]
    assert sum(metrics["turnout_dropped_packets_total"].values()) == stats["packets"]["dropped"]


def test_every_drop_reason_is_there_from_the_start(running):
    metrics = running.metrics()
    for reason in running.stats()["drops"]:
        assert label(metrics, "turnout_dropped_packets_total", f'reason="{reason}"') >= 0


def test_healthz(running):
    status, _ = running.http("/healthz")
    assert status == 200


def test_other_paths_are_not_found(running):
    assert running.http("/")[0] == 404
    assert running.http("/metrics/more")[0] == 404


def test_a_real_prometheus_scrapes_it(network, running, tmp_path):
    config = tmp_path / "prometheus.yml"
    config.write_text(
        "scrape_configs:\n  - job_name: turnout\n    scrape_interval: 1s\n    static_configs:\n"
        "      - targets: ['%s:%d']\n" % HTTP
    )
    with open(tmp_path / "prometheus.log", "w") as log:
        prometheus = subprocess.Popen(
            network.director.command(
                "prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                "--web.listen-address=127.0.0.1:9090",
            ),
            stdout=log, stderr=log,
        )  # fmt: skip
    try:
        answer = wait_for("Prometheus knowing turnout_build_info", lambda: query(network, "turnout_build_info"), 30, 0.3)
        assert answer[0]["metric"]["version"] == running.rpc("daemon.info")["version"]
        assert query(network, 'up{job="turnout"}')[0]["value"][1] == "1"
    finally:
        prometheus.terminate()
        prometheus.wait(20)


def query(network, expression: str) -> list:
    path = "/api/v1/query?query=" + urllib.parse.quote(expression)
    try:
        return json.loads(get(network.director, "127.0.0.1", path, port=9090))["data"]["result"]
    except (OSError, AssertionError):  # it is still starting
        return []
