"""What a form on a lead's card decides: the lead moves on, or its person is told what was held for its price."""

from dataclasses import dataclass, field

from bot.clock import to_ms
from bot.errors import Conflict
from bot.store import told
from bot.store.context import StoreContext
from bot.web.desk_price import KNOWN
from handlers.catalogue import Wording
from handlers.leads import CODE_LENGTH, Decision, change, refusal, tell, told_key
from handlers.person import Officer
from handlers.price import price
from handlers.turn import Effect, LeadState


class Refused(Exception):
    """A decision says no; the text is the sentence for the officer."""


@dataclass
class LeadForm:
    """A form drawn when the lead had `version`. `to`: the state to move it to; None to tell its person of the present.

    `agreed` is the price in đồng that stood on the button to tell, 0 for a form that moves a lead. Calling it
    decides, inside the transaction and again if that is repeated. Raises Refused and Conflict.
    """

    officer: Officer
    code: str
    version: int
    to: LeadState | None
    wording: Wording
    agreed: int = 0
    decision: Decision = field(default_factory=Decision)

    def __call__(self, context: StoreContext) -> tuple[Effect, ...]:
        """What it leads to."""
        lead, code = context.lead(self.code), self.code
        if lead is None:
            raise Refused(self.wording.say("officer.no_lead", code=code[:CODE_LENGTH]))
        if lead.version != self.version:
            raise Conflict(f"The lead {code} was changed after the page was drawn: look again and repeat.")
        reach, entries = context.reach(lead.address), context.knowledge.entries
        if self.to is not None:
            self.decision = change(lead, self.to, self.officer, context.wording, context.places, reach, entries)
        else:
            self.decision = tell(lead, reach, self.officer, context.wording, self.agreed)
            if self.decision.effects or self.decision.held:
                self._must_be_untold(context, told_key(lead))
        if self.decision.refused:
            raise Refused(refusal(self.decision.refused, lead, self.officer, self.decision.reach, self.wording))
        return self.decision.effects

    def _must_be_untold(self, context: StoreContext, key: str) -> None:
        """Raises Refused where the message with a key left, and where that is not known any more."""
        if told.untold(context.connection, {self.code: key}, to_ms(context.now - KNOWN)):
            return
        known = told.left(context.connection, (key,))
        raise Refused(self.wording.say("desk.told_before" if known else "desk.told_unknown", code=self.code))

    def notice(self, time: str) -> str:
        """The line of news once it is stored: what was done, and whether the person hears of it."""
        say, cost = self.wording.say, price(self.decision.reach, self.wording)
        if self.to is None:
            return say("desk.told", time=time, code=self.code, price=cost)
        way = self.decision.reach.way
        key = "desk.moved" if way == "free" else "desk.moved_closed" if way == "closed" else "desk.moved_held"
        return say(key, time=time, code=self.code, state=say(f"leads.state.{self.to}"), price=cost)
