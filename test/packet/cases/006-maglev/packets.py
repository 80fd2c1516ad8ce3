"""Without an entry in the connection table a packet goes where the Maglev table says, on this director as on any other:
here the table is built once more, after the paper (Eisenbud et al., NSDI 2016, 3.4), and looked up with Turnout's hashes."""

from ipaddress import IPv4Address

from case_frames import frame, redirected, server_mac, tcp

SIZE = 4093  # the default of maglev_table_size
SERVERS = [11, 12, 13]
VIP = "192.0.2.100"


def word(number: int) -> int:
    return number & 0xFFFF_FFFF_FFFF_FFFF


def mixed(number: int, multipliers: tuple[int, int], shifts: tuple[int, int, int]) -> int:
    for multiplier, shift in zip(multipliers, shifts):
        number = word((number ^ number >> shift) * multiplier)
    return number ^ number >> shifts[2]


def address_hash(address: str, salt: int) -> int:
    number = 0xCBF29CE484222325 ^ salt
    for octet in IPv4Address(address).packed:  # FNV-1a
        number = word((number ^ octet) * 0x100000001B3)
    return mixed(number, (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53), (33, 33, 33))


def order(server: int) -> list[int]:
    """The table's entries in the order in which the server wants them."""
    address = f"192.0.2.{server}"
    offset = address_hash(address, 0) % SIZE
    skip = address_hash(address, 0x9E3779B97F4A7C15) % (SIZE - 1) + 1
    return [(offset + i * skip) % SIZE for i in range(SIZE)]


def build_table() -> list[int]:
    table: dict[int, int] = {}
    wanted = {server: iter(order(server)) for server in SERVERS}
    while True:
        for server in SERVERS:
            table[next(entry for entry in wanted[server] if entry not in table)] = server
            if len(table) == SIZE:
                return [table[entry] for entry in range(SIZE)]


TABLE = build_table()


def server_of(client: str, port: int) -> int:
    flow = int.from_bytes(IPv4Address(client).packed, "little") << 16 | int.from_bytes(port.to_bytes(2, "big"), "little")
    number = mixed(flow, (0xBF58476D1CE4E5B9, 0x94D049BB133111EB), (30, 27, 31))
    return TABLE[(number >> 32) * SIZE >> 32]


CLIENTS = [(f"203.0.113.{n % 200 + 1}", 1024 + 7 * n) for n in range(300)]
FRAMES = [frame(tcp(client, VIP, flags, source_port=port)) for flags in "SA" for client, port in CLIENTS]
PLACES = [server_of(client, port) for client, port in CLIENTS] * 2
assert set(PLACES) == set(SERVERS)

SENT = {"lan": FRAMES}
EXPECTED = {"lan": [redirected(one, server_mac(server)) for one, server in zip(FRAMES, PLACES)]}
