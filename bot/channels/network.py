"""What an error of a connection tells of the call it ended."""

import aiohttp

#: Errors in which nothing had been sent yet; after any other the call may have been carried out.
NOT_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ClientHttpProxyError,
    aiohttp.InvalidURL,
)
