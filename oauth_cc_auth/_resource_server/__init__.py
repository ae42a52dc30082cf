"""The API: where a token may go, how it is presented, what a 401 means, and how errors read (RFC 6750)."""
