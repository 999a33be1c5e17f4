"""The forms that entries carry, to be downloaded from the public site."""

from aiohttp import web

from bot.forms import Forms


def routes(forms: Forms) -> tuple[web.RouteDef, ...]:
    """What the public site mounts: /forms/<name>."""

    async def download(request: web.Request) -> web.FileResponse:
        name = request.match_info["name"]
        path = forms.path(name)
        if path is None:
            raise web.HTTPNotFound
        # Never shown in the page itself: it is somebody's document, not our page.
        return web.FileResponse(path, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    return (web.get("/forms/{name}", download),)
