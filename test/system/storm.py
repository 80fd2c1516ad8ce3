"""Random changes of a configuration, and a model of what it should be after each."""

import copy
import random

from director import key, service
from rpc import RpcError

NO_SUCH, EXISTS = -32000, -32001
SCHEDULERS = ("rr", "wrr", "lc", "wlc", "sh", "dh", "mh", "sed", "nq", "fo", "ovf")
PORTS = (80, 443, "8000-8099", 8050, "9000-9001", 0)
GROUPS = (7, "web", "caches")


def stated(service: dict, field: str):
    """What the daemon says of a service, or leaves out as it is the usual."""
    usual = {"persistence_prefix": 32, "scheduler_flags": ["mh-port"] if service["scheduler"] == "mh" else []}
    return service.get(field, usual.get(field))


class Storm:
    """Makes changes over the control socket, some of which must be refused."""

    def __init__(self, director, vip: str, servers: list[str], calm: list[dict], seed: int):
        """`vip`: of the storm alone. `calm`: services that no change names, though their servers may rest."""
        self.random = random.Random(seed)
        self.services: list[dict] = []  # as they should be
        self._vip = vip
        self._servers = servers
        self._calm = calm
        self._client = director.client(timeout=60)

    def close(self) -> None:
        self._client.close()

    def change(self) -> str:
        """One change; its name."""
        kinds = (
            (self._add_service, 4), (self._delete_service, 3), (self._edit_service, 6), (self._add_server, 5),
            (self._delete_server, 4), (self._edit_server, 6), (self._edit_group, 2), (self._rest, 2), (self._apply, 1),
            (self._err, 3),
        )  # fmt: skip
        kind = self.random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]
        kind()
        return kind.__name__.strip("_")

    def calm_down(self) -> None:
        """No service of the storm is left, and no server rests."""
        for each in self.services:
            self._client.call("service.delete", key(each))
        self.services.clear()
        config = self._client.call("config.get")
        self._client.call("config.apply", {"config": {**config, "maintenance": []}})

    def differences(self) -> list[str]:
        """Of what the daemon says and what it should be."""
        found = {str(key(each)): each for each in self._client.call("service.list")}
        wanted = {str(key(each)): each for each in self._calm + self.services}
        if set(found) != set(wanted):
            return [f"services {set(found) ^ set(wanted)}"]
        return [
            f"{name}: {field} is {stated(found[name], field)}, not {value}"
            for name, each in wanted.items()
            for field, value in each.items()
            if _as_listed(field, stated(found[name], field)) != _as_listed(field, value)
        ]

    # What a service may be

    def _some_servers(self) -> list[dict]:
        chosen = self.random.sample(self._servers, self.random.randint(0, len(self._servers)))
        return [self._server(address) for address in chosen]

    def _server(self, address: str) -> dict:
        upper = self.random.choice((0, 0, 1, 5, 1000))
        return {
            "address": address, "weight": self.random.choice((0, 1, 1, 2, 7)), "upper_threshold": upper,
            "lower_threshold": self.random.randint(0, upper),
        }  # fmt: skip

    def _traits(self, of: dict) -> dict:
        """A scheduler with its flags, and persistence."""
        scheduler = self.random.choice(SCHEDULERS)
        flags = [f"{scheduler}-port", f"{scheduler}-fallback"] if scheduler in ("sh", "mh") else []
        needs_persistence = of.get("port") == 0
        return {
            "scheduler": scheduler,
            "scheduler_flags": [flag for flag in flags if self.random.random() < 0.5],
            "persistence": self.random.choice((1, 60, 3600) if needs_persistence else (0, 0, 1, 60, 3600)),
            "persistence_prefix": self.random.choice((8, 24, 32)),
            "one_packet": of.get("protocol") == "udp" and self.random.random() < 0.5,
            "dscp": self.random.choice((None, None, 0, 46)),
            "limits": self.random.choice((None, None, {"client": {"connections_per_second": 100000}, "observe": True})),
        }

    def _free_listeners(self) -> list[dict]:
        taken = [member for each in self.services for member in each.get("members", [key(each)])]
        everywhere = [{"vip": self._vip, "protocol": name, "port": port} for name in ("tcp", "udp") for port in PORTS]
        return [each for each in everywhere if each not in taken]

    def _new_service(self) -> dict | None:
        free = self._free_listeners()
        names = [name for name in GROUPS if name not in [each.get("group") for each in self.services]]
        if not free or (not names and len(self.services) > 8):
            return None
        if names and self.random.random() < 0.4:
            members = [each for each in self.random.sample(free, min(len(free), 3)) if each["port"] != 0]
            made = {"group": self.random.choice(names), "members": members}
        else:
            made = dict(self.random.choice(free))
        return {**made, **self._traits(made), "health": {"type": "none"}, "real_servers": self._some_servers()}

    def _any(self) -> dict | None:
        return self.random.choice(self.services) if self.services else None

    # Changes

    def _add_service(self) -> None:
        if new := self._new_service():
            self._client.call("service.add", new)
            self.services.append(new)

    def _delete_service(self) -> None:
        if old := self._any():
            self._client.call("service.delete", key(old))
            self.services.remove(old)

    def _edit_service(self) -> None:
        if edited := self._any():
            traits = self._traits(edited)
            self._client.call("service.edit", {**key(edited), **traits})
            edited.update(traits)

    def _edit_group(self) -> None:
        groups = [each for each in self.services if "group" in each]
        if not groups:
            return
        edited = self.random.choice(groups)
        others = [each for each in self._free_listeners() + edited["members"] if each["port"] != 0]
        members = self.random.sample(others, min(len(others), self.random.randint(0, 4)))
        self._client.call("service.edit", {**key(edited), "members": members})
        edited["members"] = members

    def _add_server(self) -> None:
        edited = self._any()
        absent = [each for each in self._servers if edited and each not in _addresses(edited)]
        if absent:
            new = self._server(self.random.choice(absent))
            self._client.call("server.add", {"service": key(edited), "server": new})
            edited["real_servers"].append(new)

    def _delete_server(self) -> None:
        edited = self._any()
        if edited and edited["real_servers"]:
            old = self.random.choice(edited["real_servers"])
            self._client.call("server.delete", {"service": key(edited), "server": {"address": old["address"]}})
            edited["real_servers"].remove(old)

    def _edit_server(self) -> None:
        edited = self._any()
        if edited and edited["real_servers"]:
            old = self.random.choice(edited["real_servers"])
            new = self._server(old["address"])
            self._client.call("server.edit", {"service": key(edited), "server": new})
            old.update(new)

    def _rest(self) -> None:
        """Some servers are in maintenance, in the calm services as well; the first one never is."""
        resting = self.random.sample(self._servers[1:], self.random.randint(0, len(self._servers) - 1))
        config = self._client.call("config.get")
        self._client.call("config.apply", {"config": {**config, "maintenance": resting}})

    def _apply(self) -> None:
        """Many changes in one generation."""
        wanted = [each for each in copy.deepcopy(self.services) if self.random.random() < 0.7]
        for each in wanted:
            each.update(self._traits(each), real_servers=self._some_servers())
        self.random.shuffle(wanted)
        config = self._client.call("config.get")
        self._client.call("config.apply", {"config": {**config, "services": self._calm + wanted}})
        self.services = wanted

    def _err(self) -> None:
        """What can't be done is refused, and changes nothing."""
        there = self._any() or self._calm[0]
        nowhere = service(self._vip, [], port=7)
        stranger = {"service": key(there), "server": {"address": "192.0.2.250"}}
        for code, method, params in self.random.sample([
            (EXISTS, "service.add", there),
            (NO_SUCH, "service.delete", key(nowhere)),
            (NO_SUCH, "service.edit", {**key(nowhere), "scheduler": "rr"}),
            (NO_SUCH, "server.delete", stranger),
            (NO_SUCH, "server.edit", stranger),
        ], 2):  # fmt: skip
            self._must_refuse(code, method, params)

    def _must_refuse(self, code: int, method: str, params: dict) -> None:
        try:
            self._client.call(method, params)
        except RpcError as error:
            assert error.code == code, f"{method} {params}: {error}"
        else:
            raise AssertionError(f"{method} {params} was not refused")


def _addresses(of: dict) -> list[str]:
    return [server["address"] for server in of["real_servers"]]


def _as_listed(field: str, value):
    """What a list says in no particular order, and members that it leaves out."""
    if field == "scheduler_flags":
        return sorted(value or [])
    if field == "members":
        return sorted(str(key(member)) for member in value or [])
    if field == "real_servers":
        return sorted(str({"weight": 1, "upper_threshold": 0, "lower_threshold": 0, **server}.items()) for server in value)
    if field == "health":
        return None  # its defaults are filled in
    return value
