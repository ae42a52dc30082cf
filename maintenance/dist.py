"""``python -m maintenance dist``: build the release, check it, and install its wheel with each extra alone.

A wheel that works in this clone may still lack a file, or an extra a library. So each extra is installed into an empty
virtual environment, away from this clone, and what the extra promises is imported there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"

_IMPORT = "from oauth_cc_auth import ClientCredentials, TokenSource, presets; presets.zoom('id', 's', account_id='a')"
_GRANT = f"{_IMPORT}; grant = presets.zoom('id', 's', account_id='a')"

# What each extra promises, as Python that fails where the promise is broken. "" is the package without any.
PROMISES = {
    "": f"{_GRANT}; TokenSource(grant).status()",
    "requests": f"{_GRANT}; from oauth_cc_auth import RequestsAuth; RequestsAuth(grant)",
    "httpx": f"{_GRANT}; from oauth_cc_auth import HttpxAuth; HttpxAuth(grant)",
    "httpx2": f"{_GRANT}; from oauth_cc_auth import HttpxAuth; HttpxAuth(grant)",
    "aiohttp": f"{_GRANT}; from oauth_cc_auth import AiohttpAuth; AiohttpAuth(grant)",
    "grpc": f"{_GRANT}; from oauth_cc_auth import GrpcAuth; GrpcAuth(grant)",
    "niquests": f"{_GRANT}; from oauth_cc_auth import NiquestsAuth; NiquestsAuth(grant)",
    "trio": f"{_GRANT}; import trio; from oauth_cc_auth import HttpxAuth; HttpxAuth(grant)",
    "sandbox": f"{_GRANT}; from oauth_cc_auth.sandbox import Sandbox\nwith Sandbox() as s: s.grant(grant)\n",
    "file": f"{_GRANT}; from oauth_cc_auth import FileStore; FileStore()",
    "keyring": "from oauth_cc_auth import FileStore, KeyringStore; KeyringStore()",
    "redis": "from oauth_cc_auth import RedisStore; RedisStore('redis://127.0.0.1:1')",
    "encrypted": (
        "from cryptography.fernet import Fernet\nfrom oauth_cc_auth import EncryptedStore, MemoryStore\n"
        "EncryptedStore(MemoryStore(), Fernet.generate_key())"
    ),
    "aws": "from oauth_cc_auth.workload_identity import aws; import botocore.session",
    "otel": "from oauth_cc_auth.otel import instrument; instrument()()",
    "cli": (
        "import subprocess, sys\n"
        "for words in (['--version'], ['vendors'], ['status'], ['demo', '--help']):\n"
        "    subprocess.run([sys.executable, '-m', 'oauth_cc_auth', *words], check=True, stdout=subprocess.DEVNULL)\n"
    ),
    "httpie": (
        "from httpie.plugins.registry import plugin_manager; plugin_manager.load_installed_plugins(None)\n"
        "assert 'oauth-cc' in {plugin.auth_type for plugin in plugin_manager.get_auth_plugins()}"
    ),
    "all": (
        f"{_GRANT}\nfrom oauth_cc_auth import *\nfrom oauth_cc_auth.sandbox import Sandbox\n"
        "RequestsAuth(grant), HttpxAuth(grant), AiohttpAuth(grant), GrpcAuth(grant), FileStore(), KeyringStore\n"
    ),
}

# Extras for those who work on this package: what they bring is in no promise to others.
OURS = frozenset({"test", "interop", "node", "docs", "recipes", "dev", "dist"})


def make() -> int:
    """Build, check and try a release; return the exit status."""
    for old in DIST.glob("oauth_cc_auth-*"):
        old.unlink()
    _run("-m", "build", "--outdir", str(DIST), str(ROOT))
    wheel, sdist = next(DIST.glob("*.whl")), next(DIST.glob("*.tar.gz"))
    _run("-m", "twine", "check", "--strict", str(wheel), str(sdist))
    troubles = [*_troubles(wheel, sdist), *filter(None, (_tried(wheel, extra) for extra in PROMISES))]
    for trouble in troubles:
        _say("FAILED", trouble)
    return 1 if troubles else 0


def _troubles(wheel: Path, sdist: Path) -> list[str]:
    """Return what is wrong with the files themselves."""
    packed = zipfile.ZipFile(wheel)
    names = packed.namelist()
    metadata = HeaderParser().parsestr(packed.read(next(n for n in names if n.endswith("/METADATA"))).decode())
    source = {name.partition("/")[2] for name in tarfile.open(sdist).getnames()}  # noqa: SIM115 - closed with the process
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / "oauth_cc_auth").rglob("*.py")}
    extras = set(metadata.get_all("Provides-Extra", [])) - OURS
    lacking = sorted(ours - set(names))
    foreign = sorted(name for name in names if not name.startswith(("oauth_cc_auth/", "oauth_cc_auth-")))
    wanted = ("CHANGELOG.md", "LICENSE", "Makefile", "docs/index.md", "tests/conftest.py", "maintenance/dist.py")
    if not metadata.get_all("Project-URL"):
        _say("look", "the metadata has no project URL: set project_urls in setup.cfg before you upload a release")
    return [
        *(f"{wheel.name} lacks {name}" for name in lacking),
        *(f"{wheel.name} has {name}" for name in foreign),
        *(f"{sdist.name} lacks {name}" for name in wanted if name not in source),
        *(["py.typed is not in the wheel"] if "oauth_cc_auth/py.typed" not in names else []),
        *(f"no promise is written down for the extra {extra}" for extra in sorted(extras - PROMISES.keys())),
        *(f"{wheel.name} has no extra {extra}" for extra in sorted(PROMISES.keys() - extras - {""})),
    ]


def _tried(wheel: Path, extra: str) -> str | None:
    """Install the wheel with one extra into an empty environment; return what went wrong there."""
    name = f"the wheel{f' with [{extra}]' if extra else ''}"
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder) / ("Scripts" if os.name == "nt" else "bin") / "python")
        wanted = f"{wheel}[{extra}]" if extra else str(wheel)
        environment = {**os.environ, "HOME": folder, "XDG_CACHE_HOME": f"{folder}/cache"}
        steps = (["-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted], ["-m", "pip", "check"])
        for step in (*steps, ["-I", "-W", "error::ImportWarning", "-c", PROMISES[extra]]):
            # pip's own cache stays the user's: nothing is downloaded twice.
            known = {} if step[0] == "-I" else {"PIP_CACHE_DIR": _cache()}
            ran = subprocess.run(  # noqa: S603 - the environment's own interpreter
                [python, *step], cwd=folder, env=environment | known, capture_output=True, text=True, check=False
            )
            if ran.returncode:
                return f"{name}: {(ran.stderr or ran.stdout).strip()}"
    _say("ok", name)
    return None


def _say(verdict: str, what: str) -> None:
    sys.stdout.write(f"{verdict:<7} {what}\n")
    sys.stdout.flush()


def _cache() -> str:
    asked = [sys.executable, "-m", "pip", "cache", "dir"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - ours


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
