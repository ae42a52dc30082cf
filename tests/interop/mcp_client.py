"""An MCP client of the MCP SDK and ``HttpxAuth``, as the conformance suite runs it: ``python mcp_client.py URL``.

The suite says in the environment who this client is. Nothing here knows a scenario by its name: a client with a key
signs, one with a secret sends it; where the suite names none, a made-up client shows that its secret goes nowhere.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import anyio
import httpx2
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from oauth_cc_auth import ClientCredentials, Discovery, HttpxAuth


async def main(url: str) -> None:
    """List the server's tools, and call the first."""
    client = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    grant = ClientCredentials(
        token_endpoint=Discovery(resource=url),
        client_id=client.get("client_id", "made-up"),
        client_secret=client.get("private_key_pem") or client.get("client_secret", "made-up"),
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
