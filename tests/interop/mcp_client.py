"""An MCP client of the MCP SDK and ``HttpxAuth``, as the conformance suite runs it: ``python mcp_client.py URL``.

The suite says in the environment who this client is. Nothing here knows a scenario by its name: a client with a key
signs, one with a secret sends it.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from oauth_cc_auth import ClientCredentials, Discovery, HttpxAuth


async def main(url: str) -> None:
    """List the server's tools, and call the first."""
    client = json.loads(os.environ["MCP_CONFORMANCE_CONTEXT"])
    api = urlsplit(url)
    metadata = httpx2.get(f"{api.scheme}://{api.netloc}/.well-known/oauth-protected-resource{api.path}").json()
    (issuer,) = metadata["authorization_servers"]
    grant = ClientCredentials(
        token_endpoint=Discovery(f"{issuer}/.well-known/oauth-authorization-server"),
        issuer=issuer,
        client_id=client["client_id"],
        client_secret=client.get("private_key_pem") or client["client_secret"],
        token_endpoint_auth_method="private_key_jwt" if "private_key_pem" in client else "client_secret_basic",
    )
    auth: Any = HttpxAuth(grant)  # for httpx and httpx2 alike, though type checkers see one base class
    async with (
        httpx2.AsyncClient(auth=auth) as http,
        streamable_http_client(url, http_client=http) as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = await session.list_tools()
        await session.call_tool(tools.tools[0].name, {})


if __name__ == "__main__":
    anyio.run(main, sys.argv[1])
