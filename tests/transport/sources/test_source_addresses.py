from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from omnilive_demo.transport.sources.failure import SourceFailed
from omnilive_demo.transport.sources.urls import (
    WEB,
    checked_addresses,
    is_public,
    parse_url,
    refuse_private_literal,
)


def code_of(call, *args) -> str:
    with pytest.raises(SourceFailed) as caught:
        call(*args)
    return caught.value.code


def never(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was looked up")


@pytest.mark.parametrize("scheme", ["http", "https", "rtmp", "rtmps", "rtsp", "rtsps", "HTTPS"])
def test_stream_protocols_are_taken(scheme):
    url = parse_url(f"{scheme}://Example.org/live/x?y=1")
    assert (url.scheme, url.host, url.target) == (scheme.lower(), "example.org", "/live/x?y=1")


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd", "concat:a|b", "data:video/mp4;base64,AAAA", "pipe:0",
        "subfile,,start,0,end,9,,:/etc/passwd",
        "crypto:http://a/b", "tcp://a:1", "udp://239.0.0.1:1", "ftp://a/b", "gopher://a/", "/etc/passwd", "a.mp4",
        "async:x",
        "cache:http://a/", "hls+file:///x", "tee:x", "unix:/x", "srt://a:1", "lavfi:testsrc",
    ],
)  # fmt: skip
def test_other_protocols_are_refused(text):
    assert code_of(parse_url, text) == "source_protocol"


@pytest.mark.parametrize(
    "text",
    [
        "", "http://", "http:///x", "http://a b/", "http://a\\@b/", "http://a/\r\nHost: b", "http://[fe80::1%25eth0]/",
        "http://a:99999/", "http://a:x/", "http://-a/", "http://a/" + "x" * 2000, "http://ex|ample/", "http://a\x00/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(text):
    assert code_of(parse_url, text) == "source_address"


def test_only_web_addresses_are_taken_where_only_they_make_sense():
    assert code_of(parse_url, "rtmp://a/b", WEB) == "source_protocol"


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1", "[::1]", "localhost", "localhost.",
        "LOCALHOST", "a.localhost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::10.0.0.1]",
        "[2002:7f00:1::]", "169.254.169.254", "[fd00:ec2::254]", "10.0.0.1", "172.16.5.4", "192.168.1.1", "100.64.0.1",
        "0.0.0.0", "0", "[::]", "[fe80::1]", "[ff02::1]", "224.0.0.1", "255.255.255.255", "198.18.0.1", "240.0.0.1",
        "metadata.google.internal", "printer.local", "127。0。0。1", "①②⑦.0.0.1",
        "user@127.0.0.1", "example.org:80@10.1.1.1",
    ],
)  # fmt: skip
def test_private_hosts_are_refused_in_every_spelling_without_asking_anybody(host):
    url = parse_url(f"http://{host}/x")
    assert code_of(refuse_private_literal, url) == "source_private"
    assert code_of(checked_addresses, url, True, never) == "source_private"


def test_the_same_hosts_are_fine_on_ones_own_machine():
    assert checked_addresses(parse_url("http://127.0.0.1/"), False, lambda host, port: [host]) == ["127.0.0.1"]


@pytest.mark.parametrize("host", ["93.184.216.34", "[2606:4700::1111]", "[::ffff:8.8.8.8]", "example.org", "8.8.8.8"])
def test_public_hosts_pass(host):
    url = parse_url(f"rtsp://{host}/x")
    refuse_private_literal(url)
    assert checked_addresses(url, True, lambda host, port: ["8.8.8.8"]) == ["8.8.8.8"]


@pytest.mark.parametrize(
    "bad", ["10.0.0.5", "127.0.0.1", "::1", "fe80::1%eth0", "::ffff:192.168.0.1", "169.254.169.254"]
)
def test_a_name_with_any_private_address_is_refused(bad):
    url = parse_url("https://rebind.example.org/")
    assert code_of(checked_addresses, url, True, lambda host, port: ["8.8.8.8", bad]) == "source_private"


def test_an_unknown_name_has_its_sentence():
    def nothing(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "no")

    assert code_of(checked_addresses, parse_url("http://nowhere.example/"), True, nothing) == "source_unknown_host"


def test_passwords_keys_and_queries_are_never_shown():
    for text in ("rtmp://bob:hunter2@a.example/live/hunter2", "https://bob:hunter2@a.example/x.m3u8?token=hunter2"):
        url = parse_url(text)
        assert "hunter2" not in url.shown + repr(url) + str(url)
        assert "bob" not in url.shown + repr(url)
    assert parse_url("https://bob:p%40ss@a.example/").password == "p@ss"


def spellings(address: ipaddress.IPv4Address) -> list[str]:
    n, parts = int(address), str(address).split(".")
    mixed = f"{int(parts[0]):#x}.{int(parts[1]):#o}".replace("0o", "0") + f".{n & 0xFFFF}"
    mapped = [f"[::ffff:{address}]", f"[::ffff:{n >> 16:x}:{n & 0xFFFF:x}]", f"[2002:{n >> 16:x}:{n & 0xFFFF:x}::1]"]
    return [str(address), str(n), f"{n:#x}", f"{n:#o}".replace("0o", "0"), mixed, *mapped]


@given(st.ip_addresses(v=4))
def test_every_spelling_of_an_address_is_judged_like_the_address(address):
    for host in spellings(address):
        url = parse_url(f"http://{host}/")
        if is_public(address):
            refuse_private_literal(url)
        else:
            assert code_of(refuse_private_literal, url) == "source_private"


@given(st.ip_addresses(v=6))
def test_only_global_addresses_count_as_public(address):
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast


@given(st.text(max_size=60))
def test_whatever_is_given_is_either_read_or_refused_with_a_sentence(text):
    for candidate in (text, f"http://{text}/", f"rtmp://a.example/{text}"):
        try:
            url = parse_url(candidate)
        except SourceFailed as failure:
            told = str(failure)
            assert told
        else:
            assert url.host
            assert url.target.startswith("/")
            assert url.target.isascii()


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=20), st.integers(1, 65535))
def test_host_and_port_come_back_as_they_were(host, port):
    assume(not host.isdigit())
    url = parse_url(f"http://{host}.example.org:{port}/a")
    assert (url.host, url.port) == (f"{host}.example.org".lower(), port)
