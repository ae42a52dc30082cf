"""What a user's login needs beyond a client's token: consent, refresh tokens and their rotation (RFC 6749 §4.1, §6)."""
