"""kill -9 at random moments of Vend Email's rotations: what a process that died leaves to the next one.

Vend Email renews a refresh token by another. The server ends the old one when it answers, so the answer must be in the
store before anything is done with it; what died with its process is lost, and the only mercy then is the server's.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias

import pytest
import requests

from oauth_cc_auth import AuthorizationCode, FileStore, RequestsAuth, Token, TokenSource, presets
from oauth_cc_auth._life.key import store_key
from oauth_cc_auth.sandbox import Sandbox
from oauth_cc_auth.sandbox._records import Record

# In a row, for each kind of server: enough to see that it works, and so many that every moment is hit several times.
KILLS, MANY_KILLS = 3, 200

# Seconds that the server's answer and the slow hash beside a refresh token take at least, and half of those that a sync
# of the disk takes. They have to be hit, and a fast disk or processor would make them too short.
STEP = 0.002

# Where in a renewal a process is killed.
MOMENTS = ("before the request", "during the answer", "before the save", "during the save", "after the save")

# Seconds after which a process has hung, and ends by itself.
HUNG = 20

# When a process was born and when it was killed, by the clock of the system that counts from its start, and how its
# calls had ended: each as a status, the last perhaps as the name of an error.
Life: TypeAlias = tuple[float, float, list[str]]

# Lets a process live, its clock so many seconds ahead, until so many calls have ended, and then so many seconds more.
Live: TypeAlias = Callable[[AuthorizationCode, float, int, float], Life]


# In the nursery, a process of one thread, from which forking is safe


def nursery(folder: str) -> None:
    """Let one process after the other use the token, and kill each, as stdin orders."""
    for room in ("_authorization_server.exchange", "_login.renewal", "_http.sender"):
        __import__(f"oauth_cc_auth.{room}")
    for module in ("authlib.oauth2.auth", "authlib.oauth2.client"):
        __import__(module)
    patch = pytest.MonkeyPatch()
    patch.setattr("oauth_cc_auth._login.renewal.slow_hash", brief_hash)
    # What was written outlives its process also where no disk was synced.
    patch.setattr(os, "fsync", lambda _: time.sleep(2 * STEP))
    while True:
        try:
            order = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(lived(folder, *order), sys.stdout.buffer)
        sys.stdout.buffer.flush()


def brief_hash(secret: str, salt: bytes) -> str:
    """Hash in a tenth of the time that a slow hash takes, and without the processor."""
    time.sleep(STEP)
    return hashlib.blake2b(secret.encode(), key=salt).hexdigest()


def lived(folder: str, grant: AuthorizationCode, ahead: float, calls: int, pause: float) -> Life:
    """Fork a process that uses the token, wait until so many calls have ended, and so many seconds, and kill it."""
    reading, writing = os.pipe()
    born_at = time.monotonic()
    child = os.fork()
    if not child:
        os.close(reading)
        with os.fdopen(writing, "w", buffering=1) as said:
            use(grant, folder, ahead, said)
    os.close(writing)
    with os.fdopen(reading) as hearing:
        heard: list[str] = []
        while len(heard) < calls and set(heard) <= {"200\n"}:
            heard.append(hearing.readline())
        if set(heard) <= {"200\n"}:
            time.sleep(pause)
        killed_at = time.monotonic()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return born_at, killed_at, [line.strip() for line in (*heard, *hearing)]


EXPECTED = {"TokenRefused", "TokenRequestRefused"}


def use(grant: AuthorizationCode, folder: str, ahead: float, said: IO[str]) -> None:
    """Call the API without an end, as a program that knows nothing of tokens; say how each call ended."""
    signal.alarm(HUNG)
    logging.basicConfig(stream=said, format="%(levelname)s %(message)s", force=True)
    # A token that ended meanwhile is refused, and renewed; what is raised is said below.
    log = logging.getLogger("oauth_cc_auth")
    log.addFilter(lambda record: getattr(record, "oauth_event", None) not in EXPECTED)
    assert grant.resource_server is not None
    source = TokenSource(grant, store=FileStore(folder), clock=lambda: time.time() + ahead)
    try:
        with requests.Session() as session:
            session.auth = RequestsAuth(source)
            while True:
                said.write(f"{session.get(f'{grant.resource_server.base_url}/me', timeout=HUNG).status_code}\n")
    except Exception as error:  # noqa: BLE001 - the other process judges it
        said.write(f"{type(error).__name__}\n")
    while True:  # until it is killed, as they all are
        signal.pause()


# In the test's own process, which plays the server


@contextmanager
def nursing(folder: Path) -> Iterator[Live]:
    """Start the nursery."""
    command = [sys.executable, "-c", f"import {__name__} as t; t.nursery({str(folder)!r})"]
    here = Path(__file__).parent
    env = {**os.environ, "PYTHONPATH": str(here.parent / "support")}
    with subprocess.Popen(  # noqa: S603 - our own
        command, cwd=here, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        orders, lives = process.stdin, process.stdout

        def live(*order: object) -> Life:
            pickle.dump(order, orders)
            orders.flush()
            life: Life = pickle.load(lives)
            return life

        yield live
        orders.close()
        assert process.wait() == 0


class Settled(NamedTuple):
    """How things are between two processes: the store's refresh token, when the server answered it by the next one (0:
    not yet), how many renewals it was asked for, and what is left of saves that were not completed.
    """

    kept: str
    answered_at: float
    asked: int
    halves: frozenset[tuple[str, int]]


class Witness:
    """Plays the server, looks into the store at each request, and revokes each access token after its first use."""

    def __init__(self, folder: Path, **knobs: object) -> None:
        """Start nothing yet."""
        self.sandbox = Sandbox(on_request=self.see)
        vars(self.sandbox).update(knobs)
        self.store = FileStore(folder)
        self.wrong: list[str] = []
        self.asked = 0

    def log_in(self) -> AuthorizationCode:
        """Let a user log in, who gets the first refresh token of a family."""
        grant = presets.vend_email("client", "secret")
        self.sandbox.grant(grant)
        first = self.sandbox.issue_refresh_token("client")
        # When the server answered each refresh token by the next one; and those that the store had, in their order.
        self.answered: dict[str, float] = {}
        self.kept = [first]
        self.grant = self.sandbox.grant(replace(grant, refresh_token=first))
        return self.grant

    def look(self) -> Token:
        """Return what is in the store, or what a process begins with that finds nothing there."""
        token = self.store.load(store_key(self.grant, None)) or Token("", refresh_token=self.kept[0])
        refresh_token = str(token.refresh_token)
        if refresh_token != self.kept[-1]:
            if refresh_token in self.kept:
                self.wrong.append("the store went back to an older token")
            self.kept.append(refresh_token)
        return token

    def see(self, record: Record) -> None:
        """Judge one request, whose answer is ready and not sent yet."""
        kept, asked = self.look(), record.form.get("refresh_token")
        if record.kind == "token" and asked is not None:  # None: the process died before the end of its request
            self.asked += 1
            if asked != kept.refresh_token:
                self.wrong.append("a renewal with another refresh token than the store's")
            if record.status == 200:
                self.answered[asked] = time.monotonic()
        elif "Authorization" in record.headers:
            if record.presented() != f"Bearer {kept.access_token}":
                self.wrong.append("an access token was used that was not in the store")
            if record.status == 200:
                self.sandbox.revoke_all()

    def settled(self) -> Settled:
        """Wait until the server is done with all that a dead process had sent, and return how things are."""
        origin = self.sandbox.origin("https://www.vend.email")
        last = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=HUNG)
        last.request("GET", "/")  # is accepted after everything that came before it
        last.getresponse().read()
        last.close()
        while any(listener._connections for listener in self.sandbox._addresses._listeners.values()):
            time.sleep(STEP / 10)
        kept = str(self.look().refresh_token)
        halves = {(path.name, path.stat().st_mtime_ns) for path in self.store.path.glob("*.new")}
        return Settled(kept, self.answered.get(kept, 0.0), self.asked, frozenset(halves))


def moment(before: Settled, after: Settled, born_at: float, killed_at: float) -> str:
    """Tell which of the moments a process was killed in, or that its renewal was refused."""
    if after.answered_at > killed_at:
        return "during the answer"
    if after.answered_at > born_at:
        return "during the save" if after.halves - before.halves else "before the save"
    if after.kept != before.kept:
        return "after the save"
    return "before the request" if after.asked == before.asked else "after a refusal"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.timeout(240)  # ten seconds, and more on a machine where all takes longer: the pauses follow it
@pytest.mark.usefixtures("full_hashes")
@pytest.mark.parametrize("grace", [0.0, 3600.0])
@pytest.mark.parametrize("kills", [KILLS, pytest.param(MANY_KILLS, marks=pytest.mark.endurance)])
def test_kill_9_at_random_moments(tmp_path: Path, grace: float, kills: int) -> None:
    """Processes in a row are killed while they renew: each goes on with what the last one saved, nothing is used
    before it is saved, and a user has to log in again only where an answer died with its process and the server gives
    no grace.
    """
    seed = random.randrange(1 << 32)  # noqa: S311 - no secret
    chance, moments, logins = random.Random(seed), Counter[str](), 0  # noqa: S311 - as above
    witness = Witness(tmp_path, refresh_grace=3600.0, kill_family_on_reuse=not grace, delay=STEP)
    with witness.sandbox, nursing(tmp_path) as live:
        renewal, ahead, grant = float(HUNG), 0.0, witness.log_in()
        for _ in range(3):
            born_at, killed_at, said = live(grant, ahead, 3, 0.0)
            before = witness.settled()
            assert set(said) == {"200"}, witness.wrong
            renewal = min(renewal, (killed_at - born_at) / 3)
        witness.sandbox.refresh_grace = grace
        while (killed := sum(moments[where] for where in MOMENTS)) <= kills:
            # Half of them are killed after they have shown how they go on, as is the one that comes after the last.
            calls, pause = 1 if killed == kills else chance.randrange(2), chance.uniform(0, 1.1 * renewal)
            # Half of them find a token that has expired, the others one that is fresh, though it may be refused.
            ahead += chance.choice([0, 3 * 3600])
            born_at, killed_at, said = live(grant, ahead, calls, pause)
            after = witness.settled()
            context = f"{seed=} {killed=} {calls=} {pause=} {before=} {after=} {said=}"
            assert witness.wrong == [], context
            assert len(said) >= calls, context
            assert set(said) <= {"InteractionRequired" if before.answered_at and not grace else "200"}, context
            moments[moment(before, after, born_at, killed_at)] += 1
            if "InteractionRequired" in said:
                logins += 1
                grant = witness.log_in()
                after = witness.settled()
            before = after
    if kills == MANY_KILLS:
        assert min(moments[where] for where in MOMENTS) >= 3, (seed, moments)
        assert (logins > 0) == (not grace), (seed, logins)
