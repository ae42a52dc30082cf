"""The life of a token: how long it is good, which sources share it, and how it is renewed."""
