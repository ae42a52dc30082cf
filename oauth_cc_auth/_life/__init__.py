"""The life of a token: how long it is good, who shares it, and how it is renewed."""
