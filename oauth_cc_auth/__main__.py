"""The command line, as ``python -m oauth_cc_auth``."""

from oauth_cc_auth.cli import main

main()
