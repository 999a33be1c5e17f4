"""The guard lets loopback through and refuses the rest."""

import asyncio
import socket
import sys
import threading

import pytest

from tests.fakes import network
from tests.fakes.network import NetworkRefused, is_loopback

#: An address nobody has (RFC 5737), so that a broken guard reaches nobody.
FAR = "192.0.2.1"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost", "", None, b"::1"])
def test_this_machine_is_loopback(host: str | bytes | None) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [FAR, "0.0.0.0", "10.0.0.1", "fe80::1%eth0", "::ffff:192.0.2.1", "api.telegram.org"])
def test_other_hosts_are_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_socket_reaches_a_server_on_loopback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        accepted.sendall(b"here")
        accepted.close()
        assert client.recv(4) == b"here"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no socket pairs of the unix kind")
def test_a_unix_socket_is_not_the_network(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(tmp_path_factory.mktemp("s") / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


def test_a_connection_to_another_machine_is_refused_and_noted() -> None:
    with socket.socket() as client, pytest.raises(NetworkRefused, match="pass the address of a fake"):
        client.connect((FAR, 80))
    assert network.refused == [f"socket.connect '{FAR}'"]
    network.refused.clear()


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as client, pytest.raises(NetworkRefused):
        client.sendto(b"x", (FAR, 53))
    network.refused.clear()


def test_a_name_is_not_even_looked_up() -> None:
    with pytest.raises(NetworkRefused):
        socket.getaddrinfo("api.telegram.org", 443)
    network.refused.clear()


async def test_asyncio_is_guarded_too() -> None:
    with pytest.raises(NetworkRefused):
        await asyncio.open_connection(FAR, 80)
    network.refused.clear()


def test_other_threads_are_guarded_too() -> None:
    caught: list[str] = []

    def reach() -> None:
        with socket.socket() as client:
            try:
                client.connect((FAR, 80))
            except NetworkRefused as refusal:
                caught.append(str(refusal))

    thread = threading.Thread(target=reach)
    thread.start()
    thread.join()
    assert len(caught) == 1
    network.refused.clear()
