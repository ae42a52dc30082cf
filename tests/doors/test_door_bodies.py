"""A refused request goes again with the body that it had, where that body can be had again (case 32)."""

from __future__ import annotations

import hashlib
import io
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import doors
from doors import Door, LoopbackServer, Seen, TokenEndpoint, only, plain, refusing
from timing import eventually

from oauth_cc_auth.sandbox import Sandbox

door, sandbox = doors.each_class, doors.sandbox

MIB = 1 << 20

REPLAYED: dict[str, Callable[[], dict[str, Any]]] = {
    "empty": dict,
    "bytes": lambda: {"content": b"\x00\xffbytes"},
    "str": lambda: {"content": "ü and €"},
    "json": lambda: {"json": {"a": [1, "ü"]}},
    "form": lambda: {"data": {"a": "1", "b": "ü"}},
    "multipart": lambda: {"files": {"file": ("a.txt", io.BytesIO(b"content"))}, "data": {"a": "1"}},
    "multipart bytes": lambda: {"files": {"file": ("a.txt", b"content")}},
}


def test_a_body_that_can_be_sent_again_is(door: Door) -> None:
    """Case 32: bytes, str, JSON, form and multipart go again byte by byte, with the headers that belong to them."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        auth = door.auth(server.grant(api.origin))
        for number, (kind, body) in enumerate(REPLAYED.items(), start=1):
            api.seen.clear()
            api.answer = refusing(f"token-{number}")
            assert door.call("POST", f"{api.origin}/x", auth, **body()).status_code == 200, kind
            first, second = api.seen
            assert first.body == second.body, kind
            assert (first.token, second.token) == (f"token-{number}", f"token-{number + 1}")
            assert bool(first.body) == (kind != "empty")
            for name in ("content-type", "content-length"):
                assert first.headers.get(name) == second.headers.get(name)


class OncePiece(io.RawIOBase):
    """A file that cannot be rewound, like a pipe."""

    def __init__(self) -> None:
        self._left = b"content"

    def readable(self) -> bool:
        """Readable it is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give it all at once."""
        piece, self._left = self._left, b""
        buffer[: len(piece)] = piece
        return len(piece)


def test_a_generator_is_not_sent_again(door: Door) -> None:
    """Case 32: a body that can be read once gets its 401, while a renewal for the next call is under way."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        auth = door.auth(server.grant(api.origin))
        answer = door.call("POST", f"{api.origin}/x", auth, content=door.chunks([b"one", b"two"]))
        assert (answer.status_code, list(answer.history)) == (401, [])
        assert [seen.body for seen in api.seen] == [b"onetwo"]
        eventually(lambda: server.issued == 2)
        assert door.call("POST", f"{api.origin}/x", auth, content=door.chunks([b"one", b"two"])).status_code == 200
        assert api.seen[-1].body == b"onetwo"
        assert server.issued == 2


def test_a_renewal_that_fails_leaves_such_a_caller_his_401(door: Door, sandbox: Sandbox) -> None:
    """Case 32: where only the body stands in the way, a renewal that cannot be had is no error of this call."""
    grant, api = plain(sandbox)
    auth = door.auth(grant)
    door.call("GET", f"{api}/x", auth)
    sandbox.revoke_all()
    sandbox.rotate_secret(grant, "another")
    assert door.call("POST", f"{api}/x", auth, content=door.chunks([b"one"])).status_code == 401


def test_multipart_of_a_pipe(door: Door) -> None:
    """Case 32: multipart with a file that cannot be rewound is sent again by those who have it in memory."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        auth = door.auth(server.grant(api.origin))
        answer = door.call("POST", f"{api.origin}/x", auth, files={"file": ("a.txt", OncePiece())})
        assert b"content" in api.seen[0].body
        if door.kind.like_requests:
            assert (answer.status_code, api.seen[0].body) == (200, api.seen[1].body)
        else:
            assert (answer.status_code, len(api.seen)) == (401, 1)
            eventually(lambda: server.issued == 2)


@only(lambda kind: not kind.loop)
def test_an_open_file_is_rewound(door: Door, tmp_path: Path) -> None:
    """Case 32: an open file or BytesIO is sent again from its start."""
    path = tmp_path / "upload"
    path.write_bytes(b"0123456789")
    for opened in (path.open("rb"), io.BytesIO(b"0123456789")):
        with opened as file, TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
            answer = door.call("PUT", f"{api.origin}/x", door.auth(server.grant(api.origin)), content=file)
            assert (answer.status_code, [seen.body for seen in api.seen]) == (200, [b"0123456789"] * 2)


@only(lambda kind: kind.library == "requests")
def test_an_open_file_is_rewound_to_where_it_was(door: Door) -> None:
    """Case 32: requests sends a file again from where it was when it was handed over."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        file = io.BytesIO(b"0123456789")
        file.seek(3)
        answer = door.call("PUT", f"{api.origin}/x", door.auth(server.grant(api.origin)), content=file)
        assert (answer.status_code, [seen.body for seen in api.seen]) == (200, [b"3456789"] * 2)


@only(lambda kind: kind.like_httpx and not kind.loop)
def test_a_part_of_a_file_is_sent_once(door: Door) -> None:
    """Case 32: httpx knows no start but a file's own, so a part is not sent again, and the renewal is under way."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        file = io.BytesIO(b"0123456789")
        file.seek(3)
        headers, auth = {"Content-Length": "7"}, door.auth(server.grant(api.origin))
        answer = door.call("PUT", f"{api.origin}/x", auth, content=file, headers=headers)
        assert (answer.status_code, [seen.body for seen in api.seen]) == (401, [b"3456789"])
        eventually(lambda: server.issued == 2)


class ClosedAtItsEnd(io.BytesIO):
    """A file that closes itself once it was read, as some frameworks' uploads do."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and close at the end."""
        piece = super().read(size)
        if not piece:
            self.close()
        return piece


@only(lambda kind: not kind.loop)
def test_a_file_that_was_closed_meanwhile(door: Door) -> None:
    """Case 32: a file that is closed by then is not sent again: the caller gets the 401, and no error."""
    with TokenEndpoint() as server, LoopbackServer(refusing("token-1")) as api:
        file, auth = ClosedAtItsEnd(b"0123456789"), door.auth(server.grant(api.origin))
        answer = door.call("PUT", f"{api.origin}/x", auth, content=file)
        assert file.closed
        assert (answer.status_code, [seen.body for seen in api.seen]) == (401, [b"0123456789"])
        eventually(lambda: server.issued == 2)


def _upload(size: int) -> Iterator[bytes]:
    piece = b"x" * (1 << 16)
    for _ in range(size // len(piece)):
        yield piece


def test_large_uploads_are_not_buffered(door: Door, sandbox: Sandbox) -> None:
    """Case 32: 16 MiB from a generator pass through without ever being in memory."""
    grant, api = plain(sandbox)
    auth = door.auth(grant)
    door.call("GET", f"{api}/x", auth)
    digest = hashlib.sha256()
    for piece in _upload(16 * MIB):
        digest.update(piece)
    body = _async_upload() if door.kind.loop else _upload(16 * MIB)
    tracemalloc.start()
    try:
        answer = door.call("POST", f"{api}/x", auth, content=body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (answer.status_code, answer.json()["body_sha256"]) == (200, digest.hexdigest())
    assert peak < 6 * MIB


async def _async_upload() -> Any:
    for piece in _upload(16 * MIB):
        yield piece


def test_large_files_are_sent_again_without_being_buffered(door: Door, sandbox: Sandbox) -> None:
    """Case 32: a file of 16 MiB that has to go again is read again, not kept."""
    grant, api = plain(sandbox)
    auth = door.auth(grant)
    door.call("GET", f"{api}/x", auth)
    sandbox.revoke_all()
    with tempfile.TemporaryFile() as file:
        file.truncate(16 * MIB)
        # requests builds multipart in memory, whoever authenticates.
        body: dict[str, Any] = {"content": file} if door.replays_files else {"files": {"file": file}}
        tracemalloc.start()
        try:
            answer = door.call("POST", f"{api}/x", auth, **body)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert answer.status_code == 200
    assert answer.json()["body_length"] >= 16 * MIB
    assert [hop.status_code for hop in answer.history] == [401] * door.keeps_history
    assert peak < 6 * MIB


def test_a_refused_download_is_drained_once(door: Door) -> None:
    """The first answer's body is not mistaken for the second's."""

    def answer(seen: Seen) -> doors.Reply:
        refused = seen.token == "token-1"
        return doors.Reply(401 if refused else 200, (), b"no" * 5000 if refused else b"yes")

    with TokenEndpoint() as server, LoopbackServer(answer) as api:
        answered = door.call("GET", f"{api.origin}/x", door.auth(server.grant(api.origin)))
        assert answered.content == b"yes"
        assert [hop.content for hop in answered.history] == [b"no" * 5000] * door.keeps_history
