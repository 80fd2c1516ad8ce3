"""The director answers for its VIPs and its own addresses, on the port that they belong to, and for nobody else."""

from case_frames import echo, echo_reply, is_at, who_has

ASKER, BACK_ASKER, CLIENT = "192.0.2.50", "198.51.100.50", "203.0.113.7"
OURS, BACK_OURS = ["192.0.2.100", "192.0.2.2"], ["198.51.100.100", "198.51.100.2"]

QUESTIONS = [who_has(address, ASKER) for address in [*OURS, *BACK_OURS, "192.0.2.12", "192.0.2.99"]]
PROBE = who_has("192.0.2.100", "0.0.0.0")  # RFC 5227
THEFT = who_has("192.0.2.100", "192.0.2.100")
PINGS = [echo(CLIENT, address, sequence) for address in OURS for sequence in (1, 2)]

SENT = {"front": [*QUESTIONS, PROBE, THEFT, *PINGS], "back": [who_has(address, BACK_ASKER) for address in BACK_OURS]}
EXPECTED = {
    "front": [
        *(is_at(address, ASKER) for address in OURS),
        is_at("192.0.2.100", "0.0.0.0"),
        *(echo_reply(CLIENT, address, sequence) for address in OURS for sequence in (1, 2)),
    ],
    "back": [is_at(address, BACK_ASKER, port=1) for address in BACK_OURS],
}
PUNTS = {"arp": len(QUESTIONS) + 2 + len(BACK_OURS), "icmp_echo": len(PINGS)}
