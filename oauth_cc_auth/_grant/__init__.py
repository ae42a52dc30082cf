"""What a user says: which authorization server, which client, asking for what, as frozen values (RFC 6749 §1.3)."""
