"""What a process does to a token: fork, pickle, exit, and the user's Ctrl-C (cases 26 and 27).

Each script runs in an interpreter of its own, against a server in this one.
"""

from __future__ import annotations

import base64
import os
import pickle
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest
from doors import LoopbackServer, Reply, Seen, TokenEndpoint, json_reply, refusing
from timing import HUNG

from oauth_cc_auth import HttpxAuth, RequestsAuth, TokenSource

PROLOGUE = """
import atexit, logging, os, signal, sys, threading, time
import requests
from oauth_cc_auth import ClientCredentials, HttpxAuth, RequestsAuth, ResourceServer, TokenSource

# A shell without job control starts what it puts in the background with SIGINT ignored, and CI may run there.
signal.signal(signal.SIGINT, signal.default_int_handler)
endpoint, api = sys.argv[1:3]
library = sys.argv[3] if len(sys.argv) > 3 else "requests"
grant = ClientCredentials(
    token_endpoint=endpoint, client_id="client", client_secret="a secret", resource_server=ResourceServer(api))
source = TokenSource(grant)
if library == "httpx":
    import httpx

def call(path="/x"):
    if library == "requests":
        with requests.Session() as session:
            return session.get(api + path, auth=RequestsAuth(source), timeout=20)
    with httpx.Client(trust_env=False, timeout=20) as client:
        return client.get(api + path, auth=HttpxAuth(source))

# What is logged is not what these tests are about.
logging.getLogger("oauth_cc_auth").addHandler(logging.NullHandler())

def say(*words):
    # In one piece: two processes print to one pipe, and print() writes word by word where output is not buffered.
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def sent(response):
    return str(response.request.headers["Authorization"])
"""


def run(script: str, *arguments: str, status: int = 0) -> str:
    """Run a script in a new interpreter and return what it printed; it must end by itself and say nothing to stderr."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "support")}
    # Python 3.12 warns about fork() in a process with threads, which is what is tried here.
    # urllib3 leaves the socket of a session that is closed in an atexit handler to the garbage collector.
    ignored = ("ignore:This process:DeprecationWarning", "ignore:unclosed <socket:ResourceWarning")
    command = [sys.executable, "-W", "error", *(word for what in ignored for word in ("-W", what)), "-c"]
    done = subprocess.run(  # noqa: S603 - our own script
        [*command, PROLOGUE + dedent(script), *arguments],
        capture_output=True,
        text=True,
        timeout=2 * HUNG,
        env=environment,
        check=False,
    )
    assert (done.returncode, done.stderr) == (status, "")
    return done.stdout


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork() on this system")


@forks
def test_fork_with_a_flight_in_the_air() -> None:
    """Case 26: a child that was forked while a token request was in the air gets a token of its own."""
    both = threading.Barrier(2)

    def answer(seen: Seen) -> Reply:
        if seen.path == "/asked":
            return Reply(body=b"%d" % sum(each.path == "/token" for each in server.seen))
        # Neither request is answered before the other has come: the child does not wait for its parent's flight.
        both.wait(HUNG)
        return server.issue(seen)

    with TokenEndpoint() as server, LoopbackServer() as api:
        server.answer = answer
        printed = run(
            """
            parent = threading.Thread(target=lambda: say("parent", call("/parent").status_code))
            parent.start()
            while requests.get(endpoint.replace("/token", "/asked")).content == b"0":
                time.sleep(0.001)
            child = os.fork()
            if not child:
                say("child", call("/child").status_code)
                os._exit(0)
            parent.join()
            assert os.waitpid(child, 0)[1] == 0
            """,
            f"{server.origin}/token",
            api.origin,
            "httpx",
        )
        assert sorted(printed.splitlines()) == ["child 200", "parent 200"]
        assert server.issued == 2
        assert {seen.token for seen in api.seen} == {"token-1", "token-2"}


@forks
def test_a_child_goes_on_with_its_parents_token() -> None:
    """Case 26: a token that was there before fork() serves parent and child; each renews for itself."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        api.answer = lambda seen: refusing("token-1")(seen) if seen.path == "/refuse" else Reply()
        printed = run(
            """
            call()
            child = os.fork()
            if not child:
                say("child", sent(call()), sent(call("/refuse")))
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            say("parent", sent(call()))
            """,
            f"{server.origin}/token",
            api.origin,
        )
        assert printed.splitlines() == ["child Bearer token-1 Bearer token-2", "parent Bearer token-1"]
        assert server.issued == 2


@forks
def test_fork_while_the_locks_are_held() -> None:
    """Case 26: a child does not hang that was forked while threads were in the middle of everything, the first imports
    included.
    """
    with TokenEndpoint() as server, LoopbackServer() as api:
        run(
            """
            from oauth_cc_auth import forget_all
            stop = threading.Event()

            def churn():
                while not stop.is_set():
                    TokenSource(grant).token()
                    forget_all()

            threads = [threading.Thread(target=churn, daemon=True) for _ in range(4)]
            for thread in threads:
                thread.start()
            for _ in range(5):
                child = os.fork()
                if not child:
                    signal.alarm(20)
                    os._exit(0 if TokenSource(grant).token().access_token else 1)
                assert os.waitpid(child, 0)[1] == 0
            stop.set()
            for thread in threads:
                thread.join()
            """,
            f"{server.origin}/token",
            api.origin,
        )


def test_a_pickle_works_in_another_process() -> None:
    """Case 26: a pickled auth object or source works in another process, where it gets a token of its own."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        source = TokenSource(server.grant(api.origin))
        source.token()
        things = pickle.dumps((source, RequestsAuth(source), HttpxAuth(source)))
        assert b"token-1" not in things
        printed = run(
            """
            import base64, pickle
            source, first, second = pickle.loads(base64.b64decode(sys.argv[4]))
            print(sent(requests.get(api + "/x", auth=first)), source.token().access_token)
            print(sent(httpx.get(api + "/x", auth=second)))
            """,
            f"{server.origin}/token",
            api.origin,
            "httpx",
            base64.b64encode(things).decode(),
        )
        assert printed == "Bearer token-2 token-2\nBearer token-2\n"


@pytest.mark.parametrize(("library", "token_at_hand"), [("requests", False), ("httpx", True)])
def test_a_call_at_exit(library: str, *, token_at_hand: bool) -> None:
    """Case 26: a call from an atexit handler works, where no thread can be started any more too."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        before = 'call("/before")' if token_at_hand else ""
        printed = run(
            f"""
            import warnings
            # urllib3 closes a session's connections by weakref.finalize, which at exit has ended before this handler.
            warnings.simplefilter("ignore", ResourceWarning)
            atexit.register(lambda: print(call("/atexit").status_code))
            {before}
            """,
            f"{server.origin}/token",
            api.origin,
            library,
        )
        assert printed == "200\n"
        assert server.issued == 1


def test_where_no_thread_can_be_started() -> None:
    """Where the interpreter starts no thread any more, the token request is made in the caller's own."""
    with TokenEndpoint() as server, LoopbackServer() as api:
        printed = run(
            """
            def refuse(self):
                raise RuntimeError("can't create new thread at interpreter shutdown")

            threading.Thread.start = refuse
            print(call().status_code)
            """,
            f"{server.origin}/token",
            api.origin,
        )
        assert (printed, server.issued) == ("200\n", 1)


def test_a_call_after_the_exit() -> None:
    """Case 26: what a finalizer asks for when the interpreter is being taken apart fails, and keeps nobody waiting."""
    with TokenEndpoint() as server:
        printed = run(
            """
            class Late:
                token, forget, failures = source.token, source.forget, (ImportError, RuntimeError)

                def __del__(self):
                    say("asking")
                    try:
                        self.token()
                    except self.failures:
                        say("failed")

            source.token()
            source.forget()
            late = Late()
            """,
            f"{server.origin}/token",
            "https://api.example.com",
        )
    assert printed == "asking\nfailed\n"
    assert server.issued == 1


@pytest.mark.parametrize("broken", [False, True])
def test_an_exit_waits_for_a_login(tmp_path: Path, *, broken: bool) -> None:
    """A script that ends while a login is renewed in the background leaves the new refresh token in the store, also in
    one that takes it only when it is asked again.
    """
    numbers = count(1)

    def answer(_: Seen) -> Reply:
        number = next(numbers)
        time.sleep(0.3 * (number - 1))  # the script has ended long before its second answer comes
        return json_reply({"access_token": f"token {number}", "expires_in": 3600, "refresh_token": f"refresh {number}"})

    with TokenEndpoint() as server:
        server.answer = answer
        run(
            """
            import logging
            from oauth_cc_auth import AuthorizationCode, FileStore

            class Store(FileStore):
                broken = False

                def save(self, key, token):
                    if self.broken:
                        self.broken = False
                        raise OSError
                    super().save(key, token)

            logging.disable()
            ahead, store = 0, Store(sys.argv[3])
            login = TokenSource(
                AuthorizationCode(
                    token_endpoint=endpoint, client_id="client", client_secret="a secret", refresh_token="refresh 0"),
                store=store, clock=lambda: time.time() + ahead)
            login.token()
            ahead, store.broken = 3000, len(sys.argv) > 4
            login.token()
            """,
            f"{server.origin}/token",
            "https://api.example.com",
            str(tmp_path),
            *["broken"] * broken,
        )
    (kept,) = tmp_path.glob("*.json")
    assert '"refresh 2"' in kept.read_text()


def test_an_exit_does_not_wait_for_a_flight() -> None:
    """A process that ends while a background token request hangs ends at once."""
    release = threading.Event()
    with TokenEndpoint() as server, LoopbackServer() as api:
        server.answer = lambda seen: server.issue(seen) if release.wait(HUNG) else Reply(500)
        try:
            run(
                """
                threading.Thread(target=call, daemon=True).start()
                while source._serving.live.flight is None:
                    time.sleep(0.001)
                """,
                f"{server.origin}/token",
                api.origin,
            )
        finally:
            release.set()


def test_a_keyboard_interrupt() -> None:
    """Case 27: Ctrl-C while a call waits for its token is a KeyboardInterrupt; the next call uses the same flight."""
    release = threading.Event()

    def answer(seen: Seen) -> Reply:
        if seen.path == "/release":
            release.set()
            return Reply()
        return server.issue(seen) if release.wait(HUNG) else Reply(500)

    with TokenEndpoint() as server, LoopbackServer() as api:
        server.answer = answer
        printed = run(
            """
            def interrupt():
                while source._serving.live.flight is None:
                    time.sleep(0.001)
                time.sleep(0.1)  # until the main thread waits
                os.kill(os.getpid(), signal.SIGINT)

            threading.Thread(target=interrupt, daemon=True).start()
            try:
                call()
            except KeyboardInterrupt:
                print("interrupted")
            requests.post(endpoint.replace("/token", "/release"))
            print(call().status_code)
            """,
            f"{server.origin}/token",
            api.origin,
            "httpx",
        )
        assert printed == "interrupted\n200\n"
        assert (server.issued, len(api.seen)) == (1, 1)


def test_a_thread_that_is_killed_takes_nobody_along() -> None:
    """An exception that ends the flight's thread is a typed error for those who wait, and the next call works."""
    release = threading.Event()

    def answer(seen: Seen) -> Reply:
        if seen.path == "/release":
            release.set()
            return Reply(204)
        return server.issue(seen) if release.wait(HUNG) else Reply(500)

    with TokenEndpoint() as server, LoopbackServer() as api:
        server.answer = answer
        printed = run(
            """
            import ctypes
            from oauth_cc_auth import TokenEndpointUnavailable

            def kill():
                threads = {}
                # Until then the flight may not have taken off; and before a thread lives, CPython 3.11 mistakes it for
                # the one that starts it, and would end it in its stead.
                while "oauth-cc-auth-request" not in threads:
                    threads = {thread.name: thread for thread in threading.enumerate() if thread.is_alive()}
                raised = ctypes.pythonapi.PyThreadState_SetAsyncExc
                raised(ctypes.c_ulong(threads["oauth-cc-auth-flight"].ident), ctypes.py_object(SystemExit))
                requests.post(endpoint.replace("/token", "/release"))

            killer = threading.Thread(target=kill)
            killer.start()
            try:
                call()
            except TokenEndpointUnavailable as error:
                print(type(error.__cause__).__name__)
            killer.join()
            print(call().status_code)
            """,
            f"{server.origin}/token",
            api.origin,
        )
        assert printed == "SystemExit\n200\n"
