"""turnoutctl import: what LVS's and keepalived's files become, and that nothing of them is silently dropped."""

import json
import random
import re

import pytest

from judge import judge, without_comments
from programs import turnoutctl

TAKEN_OVER, LEFT_SOMETHING_OUT, BAD_FILE = 0, 4, 2


class Import:
    """One run: the configuration that was printed, and what was said to be left out, by line."""

    def __init__(self, kind: str, text: str):
        run = turnoutctl("import", kind, "-", text=text)
        self.code, self.text, self.errors = run.returncode, run.stdout, run.stderr
        if self.code == BAD_FILE:
            return
        self.config = json.loads(without_comments(self.text))
        self.left = [tuple(line.removeprefix("standard input:").split(": ", 1)) for line in self.errors.splitlines()]
        faults = judge([self.config])[0]
        assert not faults, f"turnoutd would refuse it: {faults}\n{self.text}"
        assert self.code == (LEFT_SOMETHING_OUT if self.left else TAKEN_OVER)

    @property
    def services(self) -> list[dict]:
        return self.config["services"]

    @property
    def service(self) -> dict:
        assert len(self.services) == 1, self.text + self.errors
        return self.services[0]

    def left_at(self, line: int) -> str:
        """What is said of a line of the file."""
        return " | ".join(text for number, text in self.left if int(number) == line)


def ipvsadm(text: str) -> Import:
    return Import("ipvsadm-save", text)


def keepalived(text: str) -> Import:
    return Import("keepalived", text)


def keepalived_server(settings="", servers="real_server 192.0.2.11 80 { }", head="192.0.2.100 80") -> Import:
    """A virtual_server by Direct Routing; its settings begin in line 3."""
    return keepalived("virtual_server %s {\nlb_kind DR\n%s\n%s\n}\n" % (head, settings, servers))


class TestIpvsadmSave:
    def test_takes_over_every_kind_of_rule(self):
        done = ipvsadm(
            "-A -t 192.0.2.100:80 -s wlc -p 360 -M 255.255.255.0\n"
            "-a -t 192.0.2.100:80 -r 192.0.2.11:80 -g -w 3 -x 100 -y 50\n"
            "-a -t 192.0.2.100:80 -r 192.0.2.12:80 -g -w 0\n"
            "-A -u 192.0.2.100:53 -s rr -o\n"
            "-A -t [2001:db8::100]:443 -s mh -b mh-port,mh-fallback\n"
            "-a -t [2001:db8::100]:443 -r [2001:db8::11]:443 -g -w 1\n"
        )
        assert done.left == []
        assert done.services == [
            {
                "vip": "192.0.2.100", "protocol": "tcp", "port": 80, "scheduler": "wlc",
                "persistence": 360, "persistence_prefix": 24,
                "real_servers": [
                    {"address": "192.0.2.11", "weight": 3, "upper_threshold": 100, "lower_threshold": 50},
                    {"address": "192.0.2.12", "weight": 0},
                ],
            },
            {"vip": "192.0.2.100", "protocol": "udp", "port": 53, "scheduler": "rr", "one_packet": True, "real_servers": []},
            {
                "vip": "2001:db8::100", "protocol": "tcp", "port": 443, "scheduler": "mh",
                "scheduler_flags": ["mh-port", "mh-fallback"],
                "real_servers": [{"address": "2001:db8::11", "weight": 1}],
            },
        ]  # fmt: skip

    def test_does_as_ipvsadm_where_nothing_is_said(self):
        done = ipvsadm("-A -t 192.0.2.100:80 -p\n-A -t 192.0.2.101:80 -s mh\n-a -t 192.0.2.100:80 -r 192.0.2.11\n")
        first, second = done.services
        assert (first["scheduler"], first["persistence"]) == ("wlc", 360)
        assert first["real_servers"] == [{"address": "192.0.2.11", "weight": 1}]
        assert second["scheduler_flags"] == [], "ipvsadm's mh does not look at the port"

    def test_takes_long_options_and_skips_comments(self):
        done = ipvsadm(
            "# saved\n\n--add-service --tcp-service 192.0.2.100:80 --scheduler rr\n"
            "--add-server --tcp-service 192.0.2.100:80 --real-server 192.0.2.11:80 --gatewaying --weight 7\n"
        )
        assert done.service["real_servers"] == [{"address": "192.0.2.11", "weight": 7}]

    @pytest.mark.parametrize(
        ("rule", "reason"),
        [
            ("-a -t 192.0.2.100:80 -r 192.0.2.12:80 -m", "not by NAT"),
            ("-a -t 192.0.2.100:80 -r 192.0.2.12:80 -i", "not through a tunnel"),
            ("-a -t 192.0.2.100:80 -r 192.0.2.12:8080 -g", "never changes the port"),
            ("-a -t 192.0.2.100:80 -r 127.0.0.1:80 -g", "the director itself"),
            ("-a -t 192.0.2.100:80 -r 192.0.2.11:80 -g", "has it already, from line 2"),
            ("-a -t 192.0.2.100:80 -r 192.0.2.100:80 -g", "address of a virtual service"),
            ("-a -t 192.0.2.100:80 -r [2001:db8::1]:80 -g", "address family"),
            ("-a -t 192.0.2.100:80 -r www:80 -g", "ipvsadm -S -n"),
            ("-a -t 192.0.2.100:80 -r 192.0.2.12:80 -g -w many", "-w needs a whole number"),
            ("-a -t 192.0.2.100:80 -r 192.0.2.12:80 -g -w 70000", "above 65535"),
            ("-a -t 192.0.2.100:80 -r 192.0.2.12:80 -g -x 5 -y 9", "thresholds"),
            ("-a -t 192.0.2.99:80 -r 192.0.2.12:80 -g", "its service is not there"),
            ("-A -t www.example.com:http -s rr", "ipvsadm -S -n"),
            ("-A -t 192.0.2.101:0 -s rr", "needs persistence"),
            ("-A -t 192.0.2.101:80 -s lblc", "no scheduler lblc"),
            ("-A -t 192.0.2.101:80 -s rr -b sh-port", "no effect on the scheduler rr"),
            ("-A -t 192.0.2.101:80 -s rr -o", "UDP only"),
            ("-A -t 192.0.2.100:80 -s rr", "already in line 1"),
            ("-A -t 224.0.0.1:80 -s rr", "multicast"),
            ("-A -t 192.0.2.101:80 -s rr -p 60 -M 255.0.255.0", "no mask"),
            ("-A -u 192.0.2.101:5060 -s rr -p 60 --pe sip", "no persistence engine"),
            ("-A -f 7 -s rr", "iptables"),
            ("-A -f web -s rr", "no number"),
            ("-A -t 192.0.2.101:80 -s rr --quick", "--quick is not known"),
            ("-C", "only rules that add"),
        ],
    )
    def test_says_what_it_leaves_out(self, rule, reason):
        done = ipvsadm(f"-A -t 192.0.2.100:80 -s rr\n-a -t 192.0.2.100:80 -r 192.0.2.11:80 -g\n{rule}\n")
        assert reason in done.left_at(3), done.errors
        assert done.services[0]["real_servers"][0]["address"] == "192.0.2.11", "the rest is taken over"

    def test_makes_a_group_of_a_mark_and_asks_for_its_members(self):
        done = ipvsadm("-A -f 7 -s wrr -p 60\n-a -f 7 -r 192.0.2.11:0 -g -w 2\n-A -f 7 -s rr -6\n-A -f 0 -s rr\n-A -f 7 -s lc\n")
        assert "fill in the members of group 7" in done.left_at(1)
        assert "from 1 to" in done.left_at(4)
        assert "already in line 1" in done.left_at(5)
        ipv4, ipv6 = done.services
        assert (ipv4["group"], ipv4["members"], ipv4["persistence"]) == (7, [], 60)
        assert ipv4["real_servers"] == [{"address": "192.0.2.11", "weight": 2}]
        assert (ipv6["group"], ipv6["family"]) == (7, "ipv6")


class TestKeepalived:
    def test_takes_over_a_whole_file(self):
        done = keepalived(
            """! a comment
virtual_server 192.0.2.100 443 {   # another
    delay_loop 6
    lvs_sched wrr
    lvs_method DR
    persistence_timeout 50
    persistence_granularity 255.255.255.0
    protocol TCP
    virtualhost "www.example.com"
    inhibit_on_failure
    sorry_server 192.0.2.99 443
    real_server 192.0.2.11 443 {
        weight 3
        uthreshold 200
        lthreshold 150
        SSL_GET {
            url {
                path /up
                status_code 200
            }
            connect_timeout 3.5
            retry 2
        }
    }
}
"""
        )
        assert done.left == []
        assert done.service == {
            "vip": "192.0.2.100", "protocol": "tcp", "port": 443, "scheduler": "wrr",
            "persistence": 50, "persistence_prefix": 24,
            "health": {
                "type": "https", "path": "/up", "host": "www.example.com", "status": "200-200",
                "interval": 6, "timeout": 3.5, "fall": 3,
            },
            "on_down": "keep",
            "real_servers": [{"address": "192.0.2.11", "weight": 3, "upper_threshold": 200, "lower_threshold": 150}],
            "fallback": {"address": "192.0.2.99", "weight": 1},
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("checker", "health"),
        [
            ("", {"type": "none"}),
            ("TCP_CHECK { }", {"type": "tcp"}),
            ("TCP_CHECK {\nconnect_port 8080\nconnect_timeout 2\n}", {"type": "tcp", "port": 8080, "timeout": 2}),
            ("PING_CHECK { }", {"type": "icmp"}),
            ("HTTP_GET {\nurl {\npath /\n}\n}", {"type": "http", "path": "/", "status": "200-299"}),
            ('MISC_CHECK {\nmisc_path "/usr/bin/check \'a b\' c"\nmisc_timeout 5\n}',
             {"type": "exec", "command": ["/usr/bin/check", "a b", "c"], "timeout": 5}),
            ("UDP_CHECK {\npayload 0d0a\nrequire_reply ff 1\n}", {"type": "udp", "send_hex": "0d0a", "expect_hex": "ff01"}),
        ],
    )  # fmt: skip
    def test_takes_over_checks(self, checker, health):
        done = keepalived_server(servers="real_server 192.0.2.11 80 {\n%s\n}" % checker)
        assert done.left == []
        assert done.service["health"] == health

    def test_makes_a_service_of_each_address_of_a_group(self):
        done = keepalived(
            """virtual_server_group web {
  192.0.2.100 80
  192.0.2.103-104 443
  198.51.100.0/31 80
}
virtual_server group web {
  lb_kind DR
  lb_algo rr
  real_server 192.0.2.11 { }
}
"""
        )
        assert done.left == []
        assert [(each["vip"], each["port"]) for each in done.services] == [
            ("192.0.2.100", 80), ("192.0.2.103", 443), ("192.0.2.104", 443), ("198.51.100.0", 80), ("198.51.100.1", 80),
        ]  # fmt: skip

    def test_puts_parameters_in(self):
        done = keepalived("$NET=192.0.2\n$VIP=${NET}.100\nvirtual_server $VIP 80 {\nlb_kind DR\nreal_server ${NET}.11 80 { }\n}\n")
        assert done.left == []
        assert (done.service["vip"], done.service["real_servers"][0]["address"]) == ("192.0.2.100", "192.0.2.11")

    def test_takes_flags_by_name_and_by_number(self):
        assert keepalived_server("lvs_sched sh\nsh-port").service["scheduler_flags"] == ["sh-port"]
        assert keepalived_server("flag-1\nlvs_sched mh").service["scheduler_flags"] == ["mh-fallback"]
        assert keepalived_server("lvs_sched mh").service["scheduler_flags"] == []

    @pytest.mark.parametrize(
        ("setting", "reason"),
        [
            ("lvs_sched lblcr", "no scheduler lblcr"),
            ("quorum 2", "serves while one server is up"),
            ("quorum_up /bin/true", "runs no program"),
            ("delay_before_retry 3", "after the same interval"),
            ("warmup 5", "health.jitter"),
            ("alpha", "presumed up"),
            ("omega", "when it ends"),
            ("ha_suspend", "goes on without the VIP|go on without the VIP"),
            ("smtp_alert", "no mail"),
            ("snmp_name web", "SNMP"),
            ("persistence_engine sip", "no persistence engines"),
            ("protocol ICMP", "no protocol"),
            ("persistence_granularity 255.0.255.0", "no mask"),
            ("sorry_server 127.0.0.1 80", "the director itself"),
            ("sorry_server_inhibit", "checked like the others"),
            ("weight heavy", "whole number"),
            ("delay_loop soon", "can't be read"),
            ("@main persistence_timeout 5", "--config-id"),
            ("include other.conf", "not followed"),
            ("frobnicate 1", "not known"),
            ("ops", "UDP only"),
        ],
    )
    def test_says_what_it_leaves_out_of_a_service(self, setting, reason):
        done = keepalived_server(setting)
        said = done.left_at(3) + done.left_at(1)
        assert re.search(reason, said), done.errors
        assert done.service["real_servers"] == [{"address": "192.0.2.11", "weight": 1}]

    @pytest.mark.parametrize(
        ("setting", "reason"),
        [
            ("notify_down /bin/true", "runs no program"),
            ("TCP_CHECK {\nconnect_ip 192.0.2.1\n}", "asks for the VIP"),
            ("TCP_CHECK {\nbindto 192.0.2.1\n}", "come from the director's address"),
            ("TCP_CHECK {\nfoo\n}", "not known as a setting of TCP_CHECK"),
            ("TCP_CHECK { }\nHTTP_GET { }", "by the TCP_CHECK before it"),
            ("HTTP_GET {\nurl {\ndigest 9b3a0c85a887a256d6939da88aabd8cd\n}\n}", "no digest"),
            ("HTTP_GET {\nurl {\npath /a\n}\nurl {\npath /b\n}\n}", "asks for one page"),
            ("HTTP_GET {\nurl {\nstatus_code 200 301-302\n}\n}", "one range"),
            ("MISC_CHECK {\nmisc_path check\n}", "absolute path"),
            ("MISC_CHECK {\nmisc_path /bin/true\nmisc_dynamic\n}", "does not change the weight"),
            ("UDP_CHECK {\nrequire_reply\n}", "does not insist"),
            ("SMTP_CHECK { }", "does not speak SMTP"),
            ("DNS_CHECK { }", "no such check"),
            ("BFD_CHECK { }", "no such check"),
            ("FILE_CHECK { }", "no such check"),
        ],
    )
    def test_says_what_it_leaves_out_of_a_real_server(self, setting, reason):
        done = keepalived_server(servers="real_server 192.0.2.11 80 {\n%s\n}" % setting)
        assert reason in done.errors
        assert done.service["real_servers"] == [{"address": "192.0.2.11", "weight": 1}]

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("vrrp_instance VI_1 {\nstate MASTER\n}", "no VRRP"),
            ("vrrp_script chk {\nscript /bin/true\n}", "no VRRP"),
            ("global_defs {\nrouter_id a\n}", "keepalived itself"),
            ("static_ipaddress {\n192.0.2.1/24\n}", "no VRRP"),
            ("include /etc/keepalived/conf.d/*", "not followed"),
            ("virtual_server_group unused {\n192.0.2.9 80\n}", "no virtual_server uses it"),
            ("virtual_server group missing {\n}", "no virtual_server_group of that name"),
            ("virtual_server www 80 {\n}", "neither an address"),
            ("virtual_server 192.0.2.101 80 {\nreal_server 192.0.2.11 80 { }\n}", "NAT, keepalived's default"),
            ("virtual_server 192.0.2.101 80 {\nlb_kind TUN\nreal_server 192.0.2.11 80 { }\n}", "reached by TUN"),
            ("virtual_server fwmark 1 {\nlb_kind DR\n}", "iptables"),
            ("$MANY= \\\nvrrp_instance \\\nx", "several lines"),
            ("frobnicate", "not known here"),
        ],
    )
    def test_says_which_blocks_it_leaves_out(self, line, reason):
        done = keepalived("virtual_server 192.0.2.100 80 {\nlb_kind DR\nreal_server 192.0.2.11 80 { }\n}\n%s\n" % line)
        assert reason in done.errors
        assert all(int(number) >= 5 for number, _ in done.left)
        assert [each for each in done.services if "vip" in each] == done.services[:1]

    def test_does_not_use_a_program_made_for_one_server_on_all(self):
        servers = "".join(
            'real_server 192.0.2.%d 80 {\nMISC_CHECK {\nmisc_path "/bin/check 192.0.2.%d"\n}\n}\n' % (n, n) for n in (11, 12)
        )
        done = keepalived_server(servers=servers)
        assert "health" not in done.service
        assert "TURNOUT_SERVER" in done.errors

    @pytest.mark.parametrize(
        ("text", "where"),
        [("virtual_server 192.0.2.1 80 {\n", ":1: "), ("global_defs {\n}\n}\n", ":3: "), ("{\n}\n", ":1: ")],
    )
    def test_names_the_line_of_a_brace_too_many_or_missing(self, text, where):
        done = keepalived(text)
        assert done.code == BAD_FILE
        assert where in done.errors


def test_of_no_service_is_a_valid_file():
    assert keepalived("").services == []
    assert ipvsadm("").services == []


def test_guesses_an_address_that_no_server_has():
    servers = "".join(f"real_server 192.0.2.{n} 80 {{ }}\n" for n in range(1, 255))
    done = keepalived_server(servers=servers, head="198.51.100.1 80")
    assert len(done.service["real_servers"]) == 254


def test_whatever_the_rules_are_turnoutd_takes_the_result():
    """Import() checks that, and that each line of rules is either taken over or said to be left out."""
    dice = random.Random(6)
    hosts = ["192.0.2.11", "192.0.2.12", "192.0.2.255", "10.1.2.0", "127.0.0.1", "[2001:db8::11]", "[fe80::1]", "[::1]"]
    vips = ["192.0.2.100", "10.1.2.255", "[2001:db8::100]", "192.0.2.11", "0.0.0.0"]
    for _ in range(40):
        lines = []
        for _ in range(dice.randrange(1, 8)):
            service = f"-{dice.choice('tu')} {dice.choice(vips)}:{dice.choice([0, 80, 443])}"
            persistence = dice.choice(["", "", " -p", " -p 60 -M 255.255.0.0", " -p 60 -M 64"])
            flags = dice.choice(["", " -b mh-port", " -b sh-port,sh-fallback", " -o"])
            lines.append(f"-A {service} -s {dice.choice(['rr', 'wrr', 'mh', 'sh', 'lblc'])}{persistence}{flags}")
            for _ in range(dice.randrange(4)):
                weight = dice.choice([0, 1, 65535, 99999])
                limits = dice.choice(["", " -x 10 -y 5", " -x 5 -y 10", " -y 5"])
                how = dice.choice("gggmi")
                lines.append(f"-a {service} -r {dice.choice(hosts)}:80 -{how} -w {weight}{limits}")
        done = ipvsadm("\n".join(lines) + "\n")
        left = {int(number) for number, _ in done.left}
        taken = len(done.services) + sum(len(each["real_servers"]) for each in done.services)
        whole = sum(1 for number in range(1, len(lines) + 1) if number not in left)
        assert taken >= whole, "a line is neither taken over nor said to be left out"
