"""``python -m maintenance``: renew what is made from the presets. ``python -m maintenance vendors [NAME]...``: ask each
vendor's token endpoint with made-up credentials, over the network. ``dist`` builds a release and tries it.
"""

import sys

from maintenance import dist, endpoints, imports, pages

if sys.argv[1:2] == ["vendors"]:
    sys.exit(endpoints.report(sys.argv[2:]))
if sys.argv[1:2] == ["dist"]:
    sys.exit(dist.make())
imports.write()
pages.write()
