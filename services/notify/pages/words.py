"""Words of notify's pages that depend on a state; catalogue texts, translated when shown."""

from services.notify.domain.message import MessageState
from services.notify.domain.news import News
from services.notify.domain.order import Step
from shared.web.languages import mark

ERROR_TEXTS = {
    "link_is_another": mark("This link was stopped already; the household has a newer one."),
}

STEP_TEXTS = {
    Step.RECEIVED: mark("Order received"),
    Step.SCHEDULED: mark("Delivery planned"),
    Step.OUT: mark("On its way to you"),
    Step.DELIVERED: mark("At your door"),
    Step.NOT_DELIVERED: mark("Could not be delivered"),
    Step.CANCELLED: mark("Order cancelled"),
}

HEADLINES = {
    Step.RECEIVED: mark("We have your order"),
    Step.SCHEDULED: mark("Your delivery is planned"),
    Step.OUT: mark("Your supplies are on their way"),
    Step.DELIVERED: mark("Your supplies are at your door"),
    Step.NOT_DELIVERED: mark("We could not deliver your supplies"),
    Step.CANCELLED: mark("This order was cancelled"),
}

# An order that came back is received a second time; the message says so too.
HEADLINE_AGAIN = mark("We will bring your order again")

NEWS_TEXTS = {
    News.RECEIVED: mark("Received"),
    News.SCHEDULED: mark("Planned"),
    News.OUT: mark("On its way"),
    News.DELIVERED: mark("Delivered"),
    News.NOT_DELIVERED: mark("Not delivered"),
    News.CANCELLED: mark("Cancelled"),
    News.CORRECTED: mark("Correction"),
}

ALL_STATES = mark("All states")
STATE_TEXTS = {
    MessageState.DUE: mark("Waiting to be sent"),
    MessageState.LEASED: mark("Being sent"),
    MessageState.UNKNOWN: mark("Unsure, being checked"),
    MessageState.ACCEPTED: mark("Sent"),
    MessageState.REJECTED: mark("Refused by the provider"),
    MessageState.UNDELIVERABLE: mark("Cannot be delivered"),
    MessageState.SUPERSEDED: mark("Overtaken by newer news"),
}

# How each state looks, by the shared status names.
STATE_LOOKS = {
    MessageState.DUE: "unsent",
    MessageState.LEASED: "out",
    MessageState.UNKNOWN: "late_risk",
    MessageState.ACCEPTED: "delivered",
    MessageState.REJECTED: "problem",
    MessageState.UNDELIVERABLE: "problem",
    MessageState.SUPERSEDED: "cancelled",
}

REASON_TEXTS = {
    "no_phone": mark("No phone is known for this household: somebody has to go there."),
    "contact_unreadable": mark("The contact could not be opened: tell the administrator."),
    "refused_by_provider": mark("The provider refuses this number: please check it."),
    "provider_unsure": mark("The provider cannot say whether it was sent: please call the household."),
    "newer_news": mark("Newer news of the order was told instead."),
    "stale_news": mark("It came after newer news had been told."),
    "waited_too_long": mark("It waited too long; newer news was told instead."),
    "taken_back": mark("The crew took its entry back in time."),
}
