"""A real DNS server on a real socket: answers what a test wrote down, is silent or broken where it is told to be.

A program as well: `python -m tests.dns_server NAME=TEXT ...` prints its place, for DNS_SERVERS, and answers until it is
ended.
"""

import socket
import sys
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SILENT, BROKEN = "silent", "broken"


class DnsServer:
    """Listens on a free port until `stop`. `texts` maps a name to its TXT records, `mail_servers` to those that receive
    for it (`10 mx.example.com.`); `trouble` is of all names.
    """

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.mail_servers: dict[str, list[str]] = {}
        self.trouble = ""
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                raw, peer = self._socket.recvfrom(4_096)
            except OSError:
                return
            answer = self._answer(raw)
            if answer is not None:
                self._socket.sendto(answer, peer)

    def _answer(self, raw: bytes) -> bytes | None:
        question = dns.message.from_wire(raw)
        name = question.question[0].name.to_text(omit_final_dot=True).lower()
        self.asked.append(name)
        if self.trouble == SILENT:
            return None
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if self.trouble == BROKEN:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.texts and name not in self.mail_servers:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif question.question[0].rdtype == dns.rdatatype.MX:
            if self.mail_servers.get(name):
                answer.answer.append(dns.rrset.from_text(name + ".", 60, "IN", "MX", *self.mail_servers[name]))
        elif self.texts.get(name):
            quoted = ['"' + '" "'.join(text[at : at + 250] for at in range(0, len(text), 250)) + '"'
                      for text in self.texts[name]]  # fmt: skip
            answer.answer.append(dns.rrset.from_text(name + ".", 60, "IN", "TXT", *quoted))
        return answer.to_wire(max_size=4_096)


def main() -> None:
    """Answer until killed."""
    server = DnsServer()
    for given in sys.argv[1:]:
        name, _is, text = given.partition("=")
        server.texts.setdefault(name.lower(), []).append(text)
    print(server.place, flush=True)  # noqa: T201 - its starter reads it
    threading.Event().wait()


if __name__ == "__main__":
    main()
