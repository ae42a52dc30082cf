"""What a browser is shown that was sent back from a login: one small page without a script, an image or a font.

Nothing that the server or the address says is repeated, so that neither a code nor somebody else's words get in.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from string import Template

# Nothing is loaded, nothing is kept, and the address, which holds the code, is told to nobody.
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

# Marks on a square of 24: done, no, and beware.
_TICK = "M6.5 12.5l3.7 3.7 7.3-8"
_CROSS = "M8 8l8 8m0-8l-8 8"
_BEWARE = "M12 6.5v7m0 3.9v.1"


@dataclass(frozen=True)
class Page:
    """One thing that may have happened; `tone` is a class of the style sheet."""

    status: int
    title: str
    text: str
    hint: str = ""
    tone: str = "bad"
    mark: str = _CROSS

    def html(self) -> bytes:
        """Return the page in UTF-8."""
        said = {name: escape(getattr(self, name)) for name in ("title", "text", "hint", "tone", "mark")}
        return _PAGE.substitute(said).encode()


def logged_in(vendor: str) -> Page:
    """The tokens are stored."""
    return Page(
        200,
        f"You are logged in to {vendor}",
        "You may close this tab.",
        "Your terminal shows how a program goes on from here.",
        "good",
        _TICK,
    )


def declined(vendor: str) -> Page:
    """The user said no."""
    return Page(
        200,
        "You declined",
        f"Nothing was stored, and no program was given access to your account at {vendor}.",
        "You may close this tab. To decide otherwise, run the command again.",
        "calm",
    )


def failed(vendor: str) -> Page:
    """The user said yes, and something else went wrong."""
    return Page(
        502,
        "The login did not work",
        f"{vendor} sent you back here, but the login could not be completed.",
        "Your terminal says why, and what to do. You may close this tab.",
    )


NOT_OURS = Page(
    400,
    "This is not an answer to your login",
    "The link that led here does not belong to the login that your terminal waits for. Somebody else may have made it. "
    "Nothing was stored.",
    "If you did not expect this page, close it. The login that you began still waits in its own tab.",
    "beware",
    _BEWARE,
)
USED = Page(
    409,
    "Another browser has opened this link",
    "A link to log in is for one browser. Because nobody knows whose the other one is, this login is over.",
    "Nothing was stored. You may close this tab, and run the command again.",
    "beware",
    _BEWARE,
)
OVER = Page(
    410,
    "This login is over",
    "The command that waited for it has ended.",
    "You may close this tab. To log in, run the command again.",
    "calm",
)
NOTHING_HERE = "Nothing is here but the end of a login."

_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
  :root { --page: #f3f4f6; --card: #fff; --text: #1f2937; --faint: #5b6472; --line: #d9dce1;
          --good: #15803d; --calm: #52606d; --beware: #b45309; --bad: #b91c1c }
  @media (prefers-color-scheme: dark) {
    :root { --page: #111317; --card: #1c1f26; --text: #e5e7eb; --faint: #a2a9b4; --line: #333944;
            --good: #4ade80; --calm: #a8b3c1; --beware: #fbbf24; --bad: #f87171 }
  }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
         background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
  main { width: 100%; max-width: 27rem; padding: 2.25rem 2rem; text-align: center; background: var(--card);
         border: 1px solid var(--line); border-radius: .75rem; overflow-wrap: anywhere; text-wrap: balance }
  .good { color: var(--good) } .calm { color: var(--calm) } .beware { color: var(--beware) } .bad { color: var(--bad) }
  svg { display: block; width: 3.5rem; height: 3.5rem; margin: 0 auto 1.25rem; fill: none; stroke: currentColor;
        stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }
  circle { fill: currentColor; fill-opacity: .12; stroke: none }
  h1 { margin: 0 0 .75rem; font-size: 1.25rem; line-height: 1.3 }
  p { margin: 0 }
  small { display: block; margin-top: 1rem; font-size: .9rem; color: var(--faint) }
</style>
<main>
  <svg class="$tone" viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="12"/><path d="$mark"/></svg>
  <h1>$title</h1>
  <p>$text</p>
  <small>$hint</small>
</main>
</html>
""")
