"""An authorization server and an API on loopback, in a process of their own, for every library alike.

Over http, and over https for the one library that accepts nothing else. Tokens are opaque; the API answers 200 to one
that is alive and 401 to all others. What the server does next is set through `Knobs`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import secrets
import ssl
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

LIFETIME = 3600  # seconds, the most common `expires_in`; every library's own margin fits in


class Place(NamedTuple):
    """Where a library finds the authorization server and the API, and what it asks for."""

    token_url: str
    api: str
    authority: str = ""
    ca: str = ""
    client_id: str = "id"
    scope: str = "read"


class Server:
    """The process and its addresses; a context manager that gives the place."""

    def __enter__(self) -> Place:
        """Start the process."""
        self._directory = tempfile.TemporaryDirectory()
        ca, key = _certificate(Path(self._directory.name))
        command = [sys.executable, "-m", "benchmarks.server", ca, key]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ourselves
        assert self._process.stdout
        http, https = json.loads(self._process.stdout.readline())
        base = f"http://127.0.0.1:{http}"
        return Place(f"{base}/token", f"{base}/api", f"https://127.0.0.1:{https}/tenant", ca)

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate()
        self._directory.cleanup()


class Knobs:
    """Turns the knobs of a running server, from any process."""

    def __init__(self, place: Place) -> None:
        self._address = place.api.split("/")[2]

    def set(self, **knobs: float) -> None:
        """Set `delay` (s, of the token endpoint), `alive` (s, a token's true life) or `down` (the token endpoint)."""
        self._turn("set", knobs)

    def reset(self) -> None:
        """Set all knobs back and the count to 0."""
        self.set(delay=0.0, alive=10.0 * LIFETIME, down=0)
        self.count()

    def revoke(self) -> None:
        """Refuse all tokens issued so far."""
        self._turn("revoke", {})

    def count(self) -> int:
        """Return the number of token requests since the last count, answered or not."""
        return int(self._turn("count", {})["count"])

    def _turn(self, knob: str, values: dict[str, float]) -> dict[str, Any]:
        connection = HTTPConnection(self._address)
        connection.request("PUT", f"/{knob}", json.dumps(values))
        answer: dict[str, Any] = json.load(connection.getresponse())
        connection.close()
        return answer


class _State:
    def __init__(self) -> None:
        self.base, self.requests = "", 0
        self.alive_until: dict[str, float] = {}
        self.delay, self.alive, self.down = 0.0, 10.0 * LIFETIME, 0

    async def answer(self, method: str, path: str, authorization: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if method == "PUT":
            return 200, self._turned(path, json.loads(body))
        if path.endswith("/.well-known/openid-configuration"):
            return 200, {
                "issuer": f"{self.base}/tenant",
                "token_endpoint": f"{self.base}/token",
                "authorization_endpoint": f"{self.base}/authorize",
            }
        if method == "POST":
            self.requests += 1
            if self.down:
                return 503, {}
            await asyncio.sleep(self.delay)
            token = secrets.token_urlsafe(600)  # 800 characters, as long as a signed token
            self.alive_until[token] = time.monotonic() + self.alive
            return 200, {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME}
        alive = self.alive_until.get(authorization.removeprefix("Bearer "), 0.0) > time.monotonic()
        return (200 if alive else 401), {}

    def _turned(self, knob: str, values: dict[str, float]) -> dict[str, Any]:
        if knob == "/set":
            vars(self).update(values)
        elif knob == "/revoke":
            self.alive_until.clear()
        elif knob == "/count":
            values, self.requests = {"count": self.requests}, 0
        return values


async def _talk(state: _State, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
            first, *lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            method, path, _ = first.split(" ")
            status, answer = await state.answer(method, path, headers.get("authorization", ""), body)
            raw = json.dumps(answer)
            shape = f"Content-Type: application/json\r\nContent-Length: {len(raw)}"
            writer.write(f"HTTP/1.1 {status} -\r\n{shape}\r\n\r\n{raw}".encode())
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        pass  # the other side has left
    finally:
        writer.close()


async def _serve(ca: str, key: str) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(ca, key)
    state = _State()
    servers = [
        await asyncio.start_server(lambda r, w: _talk(state, r, w), "127.0.0.1", ssl=context, backlog=512)
        for context in (None, tls)
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    state.base = f"https://127.0.0.1:{ports[1]}"
    print(json.dumps(ports), flush=True)
    # Until whoever started this ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def _certificate(directory: Path) -> tuple[str, str]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now, month = dt.datetime.now(dt.timezone.utc), dt.timedelta(days=30)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - month).not_valid_after(now + month).add_extension(here, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    pem, secret = directory / "ca.pem", directory / "key.pem"
    pem.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))
    return str(pem), str(secret)


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:]))
