"""ipvsadm's grammar against a live daemon: what scripts, saved rules and habits of LVS meet."""

import subprocess

import pytest

from clients import ask_many
from director import BUILD

VIP = "192.0.2.100"
TITLE = (
    "Prot LocalAddress:Port Scheduler Flags\n"
    "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
)

# As `ipvsadm -S -n` wrote it
SAVED = f"""\
-A -t {VIP}:80 -s wlc -p 360
-a -t {VIP}:80 -r 192.0.2.11:80 -g -w 1
-a -t {VIP}:80 -r 192.0.2.12:80 -g -w 65535
-A -t {VIP}:443 -s sh -p 300 -M 255.255.255.0 -b sh-port
-A -t 192.0.2.101:0 -s mh -p 50 -b mh-fallback,mh-port
-a -t 192.0.2.101:0 -r 192.0.2.13:0 -g -w 0
-A -u {VIP}:53 -s rr -o
-a -u {VIP}:53 -r 192.0.2.11:53 -g -w 1
-A -f 7 -s wrr -p 100
-a -f 7 -r 192.0.2.11:0 -g -w 3
"""


@pytest.fixture
def empty(network, director):
    director.start(director.config([]))
    return director


def ipvsadm(director, *words, program="turnout-ipvsadm", rules=None) -> subprocess.CompletedProcess:
    """One of the programs by ipvsadm's names; `words` of one text are split."""
    line = words[0].split() if len(words) == 1 else words
    return subprocess.run(
        [BUILD / program, "--socket", director.socket, *line], input=rules or "", capture_output=True, text=True, timeout=20
    )


def done(director, *words, **options) -> str:
    """What it printed; it must have been content."""
    result = ipvsadm(director, *words, **options)
    assert (result.returncode, result.stderr) == (0, ""), f"{words}: {result}"
    return result.stdout


def saved(director) -> str:
    return done(director, "-n", program="turnout-ipvsadm-save")


def said(director, *words, **options) -> tuple[int, str, str]:
    result = ipvsadm(director, *words, **options)
    return result.returncode, result.stdout, result.stderr


def test_a_day_of_an_lvs_operator(empty, network):
    """Row by row: the command, its exit status, what it prints and what it says is wrong."""
    rows = [
        (f"-A -t {VIP}:80 -s wrr", 0, "", ""),
        (f"-A -t {VIP}:80 -s wrr", 1, "", "Service already exists\n"),
        (f"-A -t {VIP}:81 -s lblc", 1, "", "Scheduler or persistence engine not found\n"),
        (f"-a -t {VIP}:80 -r 192.0.2.11:80 -g -w 3", 0, "", ""),
        (f"-a -t {VIP}:80 -r 192.0.2.11 -w 3", 1, "", "Destination already exists\n"),
        (f"-a -t {VIP}:81 -r 192.0.2.11", 1, "", "Service not defined\n"),
        (f"-a -t {VIP}:80 -r 192.0.2.12 -x 100 -y 50", 0, "", ""),
        (
            f"-Ln -t {VIP}:80", 0,
            TITLE + f"TCP  {VIP}:80 wrr\n"
            "  -> 192.0.2.11:80                Route   3      0          0         \n"
            "  -> 192.0.2.12:80                Route   1      0          0         \n", "",
        ),
        (
            f"-L -n --thresholds -t {VIP}:80", 0,
            "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
            "  -> RemoteAddress:Port\n"
            f"TCP  {VIP}:80 wrr\n"
            "  -> 192.0.2.11:80                0          0          0          0         \n"
            "  -> 192.0.2.12:80                100        50         0          0         \n", "",
        ),
        # editing sets everything, what isn't given to its default
        (f"-e -t {VIP}:80 -r 192.0.2.12 -w 2", 0, "", ""),
        (f"-E -t {VIP}:80 -p", 0, "", ""),
        (
            "-S -n", 0,
            f"-A -t {VIP}:80 -s wlc -p 360\n"
            f"-a -t {VIP}:80 -r 192.0.2.11:80 -g -w 3\n"
            f"-a -t {VIP}:80 -r 192.0.2.12:80 -g -w 2\n", "",
        ),
        (f"-e -t {VIP}:80 -r 192.0.2.13 -w 2", 1, "", "No such destination\n"),
        (f"-d -t {VIP}:80 -r 192.0.2.12", 0, "", ""),
        (f"-d -t {VIP}:80 -r 192.0.2.12", 1, "", "No such destination\n"),
        (f"-E -t {VIP}:81", 1, "", "No such service\n"),
        (f"-D -t {VIP}:81", 1, "", "No such service\n"),
        (f"-L -n -t {VIP}:81", 1, "", "No such service\n"),
        (f"-D -t {VIP}:80", 0, "", ""),
        ("-Sn", 0, "", ""),
        ("-L --timeout", 0, "Timeout (tcp tcpfin udp): 900 120 300\n", ""),
        ("--set 0 60 0", 0, "", ""),
        ("-L --timeout", 0, "Timeout (tcp tcpfin udp): 900 60 300\n", ""),
        # wrong usage
        (f"-A -t {VIP}", 2, "", "Zero port specified for non-persistent service\n"),
        (f"-A -t {VIP}:80 -o", 2, "", "One-Packet Scheduling is only for UDP virtual services\n"),
        ("-A", 2, "", "You need to supply the 'service-address' option for the 'add-service' command\n"),
        ("--nonsense", 2, "", "Try `turnout-ipvsadm -h' or 'turnout-ipvsadm --help' for more information.\n"),
    ]  # fmt: skip
    for command, *expected in rows:
        assert list(said(empty, command)) == expected, command


@pytest.mark.parametrize("option", ["-m", "-i"])
def test_other_ways_of_forwarding_are_refused_with_what_to_do_instead(empty, option):
    done(empty, f"-A -t {VIP}:80")
    status, _, error = said(empty, f"-a -t {VIP}:80 -r 192.0.2.11:8080 {option}")
    assert status == 2
    assert error.startswith("Turnout forwards by Direct Routing only")
    assert "give -g" in error


def test_ports_by_name(empty):
    done(empty, f"-A -t {VIP}:http -s rr")
    assert f"TCP  {VIP}:80 rr\n" in done(empty, "-Ln")
    assert f"-A -t {VIP}:http -s rr\n" == done(empty, "-S")


def test_saved_rules_come_back_byte_for_byte(empty):
    before = empty.generation()
    done(empty, "", program="turnout-ipvsadm-restore", rules=SAVED)
    assert empty.generation() == before + 1, "more than one change"
    assert saved(empty) == SAVED
    done(empty, "-C")
    assert saved(empty) == ""
    done(empty, "-R", rules="# saved last night\n\n" + SAVED)
    assert saved(empty) == SAVED


def test_thresholds_and_members_are_saved_too(empty):
    rules = (
        f"-A -f 7 -s rr --member tcp/{VIP}:80 --member tcp/{VIP}:443\n-a -f 7 -r 192.0.2.11:0 -g -w 1 -x 100 -y 50\n"
    )
    done(empty, "-R", rules=rules)
    assert saved(empty) == rules


@pytest.mark.parametrize(
    ("line", "status", "error"),
    [
        (f"-A -t {VIP}:80", 1, "line 11: Service already exists"),
        (f"-a -t {VIP}:80 -r 198.51.100.1", 1, "line 11: "),
        ("-A -t nonsense", 2, "line 11: illegal virtual server address[:port] specified"),
        (f"-A -t {VIP}:82 -q", 2, "line 11: -q: unknown option"),
        ("-Ln", 2, "line 11: '-Ln' changes no rule"),
    ],
)
def test_one_bad_line_of_a_file_changes_nothing(empty, line, status, error):
    done(empty, "-A -t 192.0.2.102:80 -s rr")
    before = saved(empty), empty.generation()
    for program, words in (("turnout-ipvsadm", "-R"), ("turnout-ipvsadm-restore", "")):
        code, out, said_wrong = said(empty, words, program=program, rules=SAVED + line + f"\n-D -t {VIP}:443\n")
        assert (code, out) == (status, ""), said_wrong
        assert said_wrong.startswith(error)
        assert said_wrong.endswith("\nNothing was changed.\n")
    assert (saved(empty), empty.generation()) == before


def test_traffic_goes_where_the_rules_say(empty, network):
    done(empty, f"-A -t {VIP}:80 -s rr")
    for server in ("192.0.2.11", "192.0.2.12"):
        done(empty, f"-a -t {VIP}:80 -r {server}:80 -g")
    empty.wait_resolved()
    assert set(ask_many(network.client, VIP, 12)) == {"real1", "real2"}
    listed = done(empty, "-Ln --stats").splitlines()
    assert listed[0].startswith("IP Virtual Server version 1.2.1 (size=")
    assert listed[3].split()[:3] == ["TCP", f"{VIP}:80", "12"]
    done(empty, f"-e -t {VIP}:80 -r 192.0.2.11 -w 0")
    assert set(ask_many(network.client, VIP, 6)) == {"real2"}


def test_connections_are_listed_and_counters_zeroed(empty, network):
    done(empty, f"-A -t {VIP}:80 -s rr")
    done(empty, f"-a -t {VIP}:80 -r 192.0.2.11")
    empty.wait_resolved()
    ask_many(network.client, VIP, 12)
    connections = done(empty, "-Lcn").splitlines()
    assert connections[:2] == [
        "IPVS connection entries",
        "pro expire state       source             virtual            destination",
    ]
    assert len(connections) == 2 + 12
    assert all(line.split()[4] == f"{VIP}:80" for line in connections[2:])
    done(empty, f"-Z -t {VIP}:80")
    assert done(empty, "-Ln --stats").splitlines()[3].split()[2] == "0"


def test_firewall_marks_are_groups(empty, network):
    """HTTP of two VIPs to one server: what LVS does with a mark, Turnout does with a group."""
    done(empty, "-A -f 7 -s rr -p 300")
    done(empty, "-a -f 7 -r 192.0.2.11")
    done(empty, "-a -f 7 -r 192.0.2.12")
    assert "FWM  7 rr persistent 300\n" in done(empty, "-Ln")
    other = network.MORE_VIPS[0]
    empty.ctl("service", "edit", "group", "7", "--member", f"tcp {VIP}:80", "--member", f"tcp {other}:80")
    empty.wait_resolved()
    assert len(set(ask_many(network.client, VIP, 4) + ask_many(network.client, other, 4))) == 1
    done(empty, "-E -f 7 -s wrr -p 300")
    assert f"--member tcp/{other}:80" in saved(empty), "editing lost the members"


def test_turnoutctl_takes_the_grammar_as_well(empty):
    assert empty.ctl("-A", "-t", f"{VIP}:80").stdout == ""
    assert f"TCP  {VIP}:80 wlc\n" in empty.ctl("-Ln").stdout
    assert empty.ctl("-a", "-t", f"{VIP}:81", "-r", "192.0.2.11", check=False).returncode == 1


def test_no_daemon_is_told_apart(tmp_path):
    done = subprocess.run([BUILD / "turnout-ipvsadm", "--socket", tmp_path / "none", "-Ln"], capture_output=True, text=True)
    assert done.returncode == 3
    assert "turnoutd" in done.stderr
