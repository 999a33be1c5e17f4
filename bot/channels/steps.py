"""A message that leaves in several calls: a second try goes on where the first one ended."""

from collections.abc import Awaitable, Callable, Sequence

from bot.errors import Ambiguous, Halted, SendError, TryLater

#: One call; gives the platform's id of what it delivered, "" if that has none.
Step = Callable[[], Awaitable[str]]


class Steps:
    """Remembers of each message that waits to be tried again how much of it went out, by its key."""

    def __init__(self) -> None:
        self._done: dict[str, tuple[int, str]] = {}

    async def run(self, key: str, steps: Sequence[Step]) -> str:
        """Do the steps that are not done yet; the last id delivered. Raises what a step raises."""
        done, last = self._done.pop(key, (0, ""))
        try:
            for step in steps[done:]:
                last = await step() or last
                done += 1
        except SendError as error:
            # The same errors after which the sender tries again; a person gets no part twice.
            if done and isinstance(error, TryLater | Ambiguous | Halted):
                self._done[key] = done, last
            raise
        return last
