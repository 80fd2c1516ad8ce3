"""The JSON Schema of the configuration and turnoutd's own reader: neither takes what the other refuses.

A configuration that holds every key is changed in each place in every way that the schema suggests; the reader is the
judge. What no schema can say is named in BEYOND_A_SCHEMA, by the reader's words.
"""

import copy
import json
import re
import sys

import jsonschema
import pytest

from judge import judge, verdicts_of, verdicts_of_texts, without_comments
from programs import ROOT

sys.path.append(str(ROOT / "test" / "system"))
from director import Director  # noqa: E402  (it lives with the system tests)

SCHEMA = json.loads((ROOT / "conf" / "turnout.schema.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker(["ipv4", "ipv6"]))

WHOLE_AS_FRACTION = "is written with a fraction or an exponent"

# What the reader refuses and a schema can't: other places of the file, arithmetic, and lengths in bytes.
BEYOND_A_SCHEMA = {
    "the same thing twice": "given already at",
    "a port's subnets are apart": "overlaps .* of port",
    "ranges of ports are apart": "overlaps (tcp|udp)",
    "a range's ends are in order": "is no range of ports",
    "servers are on a port's subnet": "is on no port's subnet",
    "gateways are on the port's subnets": "is on none of the port's subnets",
    "a far target is beyond the gateway": "give an address that is reached only through the gateway",
    "a far target needs a gateway and an address": "can't be reached|has nowhere to answer to",
    "an uplink needs a gateway": "has no gateway to watch",
    "an address has one role": "director's own address|is a virtual service's address",
    "addresses of networks and broadcasts": "(network|network \\(subnet-router anycast\\)|broadcast) address of|is its subnet's",
    "one of each family": "is a second IPv[46]",
    "servers, members and VIPs of one family": "is an IPv[46] address and",
    "names of filters are of this file": "there is no filter",
    "prefixes, spelt wrong": "is no prefix of addresses|has bits beyond its length",
    "a prefix once": "is given twice",
    "QUIC over UDP, with IDs that fit": "QUIC is over UDP|octets, and the service's|of no use without|give each real server an ID",
    "types of ICMP": "is no type of ICMP|is forwarded anyway|is dropped anyway|is answered or not",
    "names of ports are of this file": "there is no port|has no IPv[46] gateway",
    "ports of a device differ by VLAN": "share a device",
    "an MTU fits IPv6": "less than the 1280 that IPv6 needs",
    "a prime": "is no prime",
    "a table above the number of servers": "is not above the service's",
    "sums of weights": "turns of wrr",
    "thresholds are in order": "is above upper_threshold",
    "a burst has a rate, and is an hour's worth at most": "is of no use without|is more than an hour's worth",
    "open connections are remembered ones": "with one_packet none is",
    "a range of status codes in order": "is no range of HTTP's status codes",
    "1.0 is a whole number to a schema": WHOLE_AS_FRACTION,
    "milliseconds": "is finer than a millisecond",
    "IPv6 with a prefix length, spelt wrong": "is no address with its prefix length",
    "an address before a port, spelt wrong": "is no address and port",
    "lengths in bytes": "bytes|octets",
}

# Every key there is, with values that no rule beyond the schema minds.
FULL = {
    "$schema": "turnout.schema.json",
    "eal": {"lcores": "0-1", "args": ["--no-huge"]},
    "workers": {"idle": "poll"},
    "ports": [
        {
            "name": "lan", "device": "net_af_packet0", "vlan": 0, "addresses": ["192.0.2.2/24", "2001:db8::2/64"],
            "gateway": ["192.0.2.1", "fe80::1"], "mtu": 1500, "kernel_interface": "turnout0", "rx_queues": 1,
            "spread": "auto", "rebalance": False,
            "uplink": {"echo": ["198.51.100.1", "2001:db8:1::1"], "interval": 2, "timeout": 1, "rise": 2, "fall": 3},
        },
        {"name": "dmz", "device": "net_af_packet1", "addresses": ["203.0.113.2/24"], "gateway": "203.0.113.1"},
    ],
    "buffers": {"count": 16384},
    "connections": {
        "capacity": 1048576, "capacity_ipv6": 1024, "limit_cells": 65536,
        "timeouts": {"tcp_syn": 60, "tcp_established": 900, "tcp_fin": 120, "tcp_close": 10, "udp": 300},
    },
    "control": {"socket": "/run/turnout/control.sock", "autosave": False},
    "http": {"listen": "127.0.0.1:9877"},
    "vip_watch": {"interval": 10, "clear": 90},
    "filters": [
        {
            "name": "edge",
            "lists": [{"name": "feed", "action": "deny", "prefixes": ["198.51.100.0/24"], "file": "/dev/null"}],
            "default": "allow",
            "denied": "drop",
            "log": True,
        }
    ],
    "vips": [
        {
            "address": "192.0.2.100",
            "echo": "yes",
            "unmatched": "drop",
            "depends_on_uplink": "lan",
            "filter": "edge",
            "icmp": {"forward": ["echo-request"], "drop": [11]},
        }
    ],
    "maintenance": ["192.0.2.14"],
    "services": [
        {
            "vip": "192.0.2.100", "protocol": "tcp", "port": 80, "scheduler": "sh", "scheduler_flags": ["sh-port"],
            "persistence": 300, "persistence_prefix": 24, "one_packet": False, "on_down": "keep", "slow_start": 10,
            "dscp": 46, "vlan_priority": 5, "filter": "edge",
            "limits": {
                "connections_per_second": 1000, "connections_burst": 2000, "packets_per_second": 100000, "packets_burst": 200000,
                "client": {"connections_per_second": 10, "connections_burst": 20, "connections": 50},
                "client_prefix": {"ipv4": 24, "ipv6": 56, "connections_per_second": 100, "connections_burst": 200},
                "observe": False,
            },
            "maglev_table_size": 4093,
            "fallback": {"address": "192.0.2.15", "weight": 1, "mac": "02:00:00:00:00:15", "upper_threshold": 9, "lower_threshold": 5},
            "health": {
                "type": "http", "interval": 2, "timeout": 1, "rise": 2, "fall": 3, "jitter": 10, "damping": 60,
                "port": 8080, "path": "/up", "host": "www.example.com", "status": "200-299", "expect": "fine",
            },
            "real_servers": [
                {
                    "address": "192.0.2.11", "weight": 2, "mac": "02:00:00:00:00:11",
                    "upper_threshold": 9, "lower_threshold": 5,
                },
                {"address": "192.0.2.12"},
            ],
        },
        {"vip": "192.0.2.101", "protocol": "udp", "port": 53, "one_packet": True, "health": {"type": "icmp"}},
        {
            "vip": "192.0.2.102", "protocol": "udp", "port": "5000-5099",
            "health": {"type": "udp", "port": 5000, "send": "hi", "expect": "ho"},
            "quic": {"server_id_length": 2, "config_id": 1},
            "real_servers": [{"address": "192.0.2.13", "quic_id": "0a01"}],
            "fallback": {"address": "192.0.2.16", "quic_id": "0a02"},
        },
        {
            "vip": "192.0.2.103", "protocol": "udp", "port": 53,
            "health": {"type": "udp", "send_hex": "0d0a", "expect_hex": "ff"},
        },
        {"vip": "192.0.2.104", "protocol": "tcp", "port": 0, "persistence": 60, "health": {"interval": 5}},
        {"vip": "192.0.2.105", "protocol": "tcp", "port": 25, "health": {"type": "exec", "command": ["/bin/check", "-v"]}},
        {"vip": "192.0.2.106", "protocol": "tcp", "port": 443, "health": {"type": "https", "status": 204}},
        {"vip": "192.0.2.107", "protocol": "tcp", "port": 443, "health": {"type": "none"}},
        {
            "vip": "2001:db8::100", "protocol": "tcp", "port": 80, "persistence_prefix": 64,
            "real_servers": [{"address": "2001:db8::11"}],
        },
        {
            "group": "web", "family": "ipv4", "scheduler": "mh", "scheduler_flags": ["mh-fallback"], "health": {"port": 80},
            "members": [
                {"vip": "192.0.2.108", "protocol": "tcp", "port": 80},
                {"vip": "192.0.2.108", "protocol": "tcp", "port": "8000-8099"},
            ],
            "real_servers": [{"address": "192.0.2.11", "weight": 1}],
        },
        {"group": 7, "family": "ipv6", "members": [], "persistence_prefix": 128},
    ],
}  # fmt: skip

WRONG_TYPES = [None, True, 7, 2.5, "text", [], {}, ["text"]]
ADDRESSES = [
    "192.0.2.77", "192.0.2.0", "192.0.2.2", "192.0.2.100", "0.0.0.0", "127.0.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "1.2.3", "256.1.1.1",
    "01.2.3.4", "223.255.255.254", "2001:DB8::77", "::", "::1", "0::2", "::192.0.2.1", "::ffff:192.0.2.1", "::ffff:c000:201",
    "0:0:0:0:0:0:1:2", "::1:2:3", "ff02::1", "ff::1", "fe80::1", "febf::1", "fec0::1", "fe80::1%eth0", "1::2::3", "12345::1",
    "2001:db8::192.0.2.1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "192.0.2.1/24", "192.0.2.1:80", "www.example.com", " 192.0.2.1",
]  # fmt: skip
TEXTS = {
    "path": ["/", "up", "/a b", "/a%20b", "/ü"],
    "host": ["a b", "a/b", "[2001:db8::1]", "www.example.com:8080"],
    "status": ["200", "200-", "300-200", "0200-0299", "99-200", "200-600", "100-599", "2xx", 99, 100, 599, 600],
    "send_hex": ["0", "0g", "AbCd", "00" * 1400],
    "expect_hex": ["0", "0g", "00"],
    "send": ["x" * 1400, "x" * 1401],
    "expect": ["x" * 1400, "x" * 1401],
    "command": [["bin/check"], ["/bin/check", ""], ["/"], ["/bin/check", "a\tb"]],
    "maglev_table_size": [4092],
    "socket": ["/" + "ü" * 100, "/", "relative", "/dir/", "/a", "/" + "a" * 106, "/" + "a" * 107, "/run//x"],
    "listen": [
        "", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:1", "0.0.0.0:65535", "[::1]:80", "::1:80", "[127.0.0.1]:80",
        "256.0.0.1:80", "localhost:80", "127.0.0.1:http", "[::]:080", "[1::2::3]:80", "01.2.3.4:80", "1.2.3:80",
    ],
    "name": ["lan-1_a.b", "lan 1", "län", "."],
    "kernel_interface": [
        ".", "..", "lo", "lo0", "all", "default", "a/b", "a:b", "a%d", "a b", "x" * 15, "x" * 16, "...",
    ],
    "mac": [
        "02:00:00:00:00:12", "03:00:00:00:00:12", "00:00:00:00:00:00", "02-00-00-00-00-12", "FE:AA:00:00:00:12",
        "02:00:00:00:00", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:01",
    ],
    "port": [
        "80", "0", "0080", "65535", "65536", "80-81", "81-80", "80-80", "1-65535", "0-5", "80-", "-80", "80-90-100",
        "http", 0, 65535, 65536,
    ],
    "group": [0, 1, 4294967295, 4294967296, "web", "7", "a b", "x" * 32, "x" * 33, "a.b_c-d"],
    "depends_on_uplink": ["", "lan"],
    "interval": [2.0001, 0, 0.05, 0.1, 0.0499, 3600, 3600.001, 2.5],
    "clear": [0.1, 0.0999],
    "scheduler_flags": [["mh-port"], ["sh-port", "sh-fallback"], ["mh-port", "mh-port"], ["rr-port"]],
}  # fmt: skip


def resolved(node: dict) -> dict:
    while "$ref" in node:
        node = SCHEMA["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def merged(node: dict) -> dict:
    """A node with what it takes from allOf."""
    node = resolved(node)
    for part in node.get("allOf", []):
        node = {**resolved(part), **{key: value for key, value in node.items() if key != "allOf"}} if "$ref" in part else node
    return node


def objects(value, node: dict, pointer=()):
    """Every object of a document, with its place and its schema."""
    node = merged(node)
    if isinstance(value, dict):
        yield pointer, value, node
        for key, child in value.items():
            yield from objects(child, node["properties"][key], (*pointer, key))
    elif isinstance(value, list) and isinstance(node.get("items"), dict):
        for index, child in enumerate(value):
            yield from objects(child, node["items"], (*pointer, index))


def changed(pointer: tuple, change) -> dict:
    """FULL with the object at `pointer` changed."""
    document = copy.deepcopy(FULL)
    place = document
    for step in pointer:
        place = place[step]
    change(place)
    return document


def with_value(pointer: tuple, key: str, value) -> dict:
    return changed(pointer, lambda place: place.__setitem__(key, value))


def limits(node: dict) -> list:
    """Values at, below and above each limit of a number or list, and other members of a choice."""
    values = list(node.get("enum", [])) + (["nonsense"] if "enum" in node else [])
    step = 1 if node.get("type") == "integer" else 0.001
    if "minimum" in node:
        values += [node["minimum"], float(node["minimum"]), round(node["minimum"] - step, 3), node["minimum"] + 0.5]
    if "maximum" in node:
        values += [node["maximum"], round(node["maximum"] + step, 3), node["maximum"] * 10**30]
    for part in node.get("anyOf", []):
        values += limits(merged(part))
    return values


def other_values(key: str, value, node: dict, is_first: bool) -> list:
    """What else could stand in place of a value, right or wrong. Texts are tried at the first place of their kind."""
    values = WRONG_TYPES + limits(node) + (TEXTS.get(key, []) if is_first else [])
    if isinstance(value, list):
        most = min(node.get("maxItems", 64), 64)
        values += [[], value[:1] * 2, [*value, None], value[:1] * (most + 1)]
    texts = value if isinstance(value, list) else [value]
    if is_first and texts and all(isinstance(text, str) for text in texts):
        spoilt = ["", "\ttext", "te\x7fxt"]
        if re.match(r"[0-9a-f.:]+(/|$)", texts[0]) and key not in ("status", "send_hex", "expect_hex", "mac", "listen", "lcores"):
            length = texts[0].partition("/")[2]
            spoilt += [address + ("/24" if length and "." in address else "/64" if length else "") for address in ADDRESSES]
            spoilt += [f"198.51.100.9/{n}" for n in (0, 7, 8, 32, 33)] + [f"2001:db8:9::9/{n}" for n in (15, 16, 128, 129, "064")]
        values += spoilt if not isinstance(value, list) else [[text] for text in spoilt]
    return values


def mutations() -> list[dict]:
    documents = []
    seen = set()
    for pointer, value, node in objects(FULL, SCHEMA):
        documents.append(with_value(pointer, "no_such_key", 1))
        for key, schema in node["properties"].items():
            schema = merged(schema)
            if key not in value:
                documents += [with_value(pointer, key, other) for other in limits(schema) + TEXTS.get(key, ["text"])]
                continue
            documents.append(changed(pointer, lambda place, key=key: place.pop(key)))
            documents.append(changed(pointer, lambda place, key=key: place.__setitem__(key + "s", place.pop(key))))
            place = (node["title"], key, ":" in str(value[key]))  # IPv4 and IPv6 are tried apart
            is_first = place not in seen
            seen.add(place)
            documents += [with_value(pointer, key, other) for other in other_values(key, value[key], schema, is_first)]
    for kind in ("tcp", "icmp", "udp", "http", "https", "exec", "none"):
        for index in range(len(FULL["services"])):
            documents.append(changed(("services", index), lambda place, kind=kind: place.setdefault("health", {}).update(type=kind)))
    for scheduler in ("mh", "sh", "rr"):
        for flags in TEXTS["scheduler_flags"]:
            documents.append(changed(("services", 0), lambda place, s=scheduler, f=flags: place.update(scheduler=s, scheduler_flags=f)))
    return [*WRONG_TYPES, *documents, *many_things()]


def many_things() -> list[dict]:
    """What is wrong with several places together."""
    servers = [{"address": f"192.0.2.{n}", "weight": 65535 - n} for n in range(11, 61)]
    many = [{"address": f"192.0.2.{n}"} for n in range(11, 60)] * 6
    return [
        changed(("ports", 1), lambda place: place.update(device="net_af_packet0")),
        changed(("services", 0), lambda place: place.update(scheduler="wrr", scheduler_flags=[], real_servers=servers)),
        changed(("services", 0), lambda place: place.update(maglev_table_size=251, real_servers=many)),
        changed(("services", 1), lambda place: place.update(limits={"client": {"connections": 5}})),
    ]


def disagreement(document, errors: list[dict]) -> str:
    """Why the schema and the reader disagree about it; "" if they don't, or can't but do."""
    is_valid = VALIDATOR.is_valid(document)
    if not is_valid and not errors:
        fault = jsonschema.exceptions.best_match(VALIDATOR.iter_errors(document))
        return f"only the schema refuses it, at {list(fault.absolute_path)}: {fault.message[:200]}"
    if is_valid and any(re.search(WHOLE_AS_FRACTION, error["reason"]) for error in errors):
        return ""  # what the value would have decided is wrong to the reader as well
    if is_valid and errors:
        strange = [error for error in errors if not any(re.search(rule, error["reason"]) for rule in BEYOND_A_SCHEMA.values())]
        return f"only the reader refuses it: {strange}" if strange else ""
    return ""


def test_is_a_schema():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_takes_the_full_configuration():
    assert judge([FULL]) == [[]]
    assert list(VALIDATOR.iter_errors(FULL)) == []


def documents_of_tests() -> dict[str, str]:
    """Every configuration in conf/ and of the tests, as text."""
    texts = {path.name: path.read_text() for path in sorted((ROOT / "conf").glob("turnout-*.jsonc"))}
    examples = (ROOT / "test" / "support" / "config_example.h").read_text()
    for name, text in re.findall(r'string_view (k\w+) = R"\((.*?)\)"', examples, re.DOTALL):
        texts[name] = text
    assert len(texts) >= 5
    return texts


@pytest.mark.parametrize("name", documents_of_tests())
def test_takes_every_example(name):
    document = json.loads(without_comments(documents_of_tests()[name]))
    assert judge([document]) == [[]]
    assert list(VALIDATOR.iter_errors(document)) == []


def test_takes_what_the_system_tests_start_with(tmp_path):
    document = Director(None, tmp_path).config([FULL["services"][0] | {"fallback": {"address": "192.0.2.16"}, "filter": ""}])
    assert judge([document]) == [[]]
    assert list(VALIDATOR.iter_errors(document)) == []


def test_agrees_with_the_reader_on_everything_that_can_be_changed():
    documents = mutations()
    verdicts = judge(documents)
    assert len(verdicts) == len(documents) > 2000
    refused = sum(1 for errors in verdicts if errors)
    assert refused > 1000 and len(documents) - refused > 300, "the changes test neither side"
    wrong = [
        f"{reason}\n    {json.dumps(difference(document))}"
        for document, errors in zip(documents, verdicts, strict=True)
        if (reason := disagreement(document, errors))
    ]
    used = {
        name
        for document, errors in zip(documents, verdicts, strict=True)
        if errors and VALIDATOR.is_valid(document)
        for name, rule in BEYOND_A_SCHEMA.items()
        if any(re.search(rule, error["reason"]) for error in errors)
    }
    assert used == set(BEYOND_A_SCHEMA), "what is named there and never met may hide a mistake"
    assert not wrong, f"{len(wrong)} of {len(documents)}:\n" + "\n".join(wrong[:40])


def difference(document, against=FULL):
    """What of a mutation differs from FULL, for the message."""
    if isinstance(document, dict) and isinstance(against, dict):
        parts = {key: difference(document[key], against.get(key)) for key in document if document[key] != against.get(key)}
        return parts | {f"without {key}": 1 for key in against if key not in document}
    if isinstance(document, list) and isinstance(against, list) and len(document) == len(against):
        return {index: difference(a, b) for index, (a, b) in enumerate(zip(document, against, strict=True)) if a != b}
    return document


def test_knows_the_same_keys_as_the_reader():
    """The reader names all keys that it knows when it refuses one."""
    places = {}
    for pointer, _, node in objects(FULL, SCHEMA):
        places.setdefault(frozenset(node["properties"]), []).append(pointer)
    pointers = [pointer for group in places.values() for pointer in group]
    verdicts = judge([with_value(pointer, "zzzzzzzzzzzzzzzz", 1) for pointer in pointers])
    seen = set()
    for pointer, errors in zip(pointers, verdicts, strict=True):
        reason = next(error["reason"] for error in errors if error["reason"].startswith("unknown key"))
        known = set(reason.split("known here: ")[1].split(", "))
        node = next(node for place, _, node in objects(FULL, SCHEMA) if place == pointer)
        assert set(node["properties"]) == known, f"at /{'/'.join(map(str, pointer))}"
        seen |= known
    everywhere = {key for node in all_nodes(SCHEMA) for key in node.get("properties", {})}
    assert everywhere <= seen, "FULL lacks an object of the schema"


def all_nodes(node):
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from all_nodes(child)
    elif isinstance(node, list):
        for child in node:
            yield from all_nodes(child)


def test_has_every_key_in_the_full_configuration():
    """Else the changes above would not reach it."""
    present: dict[str, set] = {}
    for _, value, node in objects(FULL, SCHEMA):
        present.setdefault(node["title"], set()).update(value)
    for _, _, node in objects(FULL, SCHEMA):
        assert set(node["properties"]) == present[node["title"]], node["title"]


def test_explains_every_key():
    for _, _, node in objects(FULL, SCHEMA):
        for key, child in node["properties"].items():
            child = merged(child)
            assert child.get("title"), key
            assert child.get("description") or child.get("properties") or child.get("items"), key


def test_the_defaults_are_what_the_reader_has():
    """A key that is left out and one that is given as its default are read alike."""
    pairs = []
    for pointer, value, node in objects(FULL, SCHEMA):
        for key, child in node["properties"].items():
            child = merged(child)
            if "default" in child:
                given = with_value(pointer, key, child["default"])
                pairs.append((f"{pointer} {key}", given, changed(pointer, lambda place, key=key: place.pop(key, None))))
    given = verdicts_of([pair[1] for pair in pairs])
    left_out = verdicts_of([pair[2] for pair in pairs])
    compared = 0
    for (name, *_), one, other in zip(pairs, given, left_out, strict=True):
        if not one["errors"] and not other["errors"]:  # a default may not suit what stands beside it
            compared += 1
            assert one["config"] == other["config"], name
    assert compared > 40


def test_a_key_given_twice_is_an_error_that_a_schema_never_sees():
    errors = verdicts_of_texts('{"ports": [], "ports": []}\n')[0]["errors"]
    assert any("given twice" in error["reason"] for error in errors)
