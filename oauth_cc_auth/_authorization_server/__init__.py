"""Asking the authorization server: build the request, prove the client, read the answer (RFC 6749 §4.4, §5)."""
