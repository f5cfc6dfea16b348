"""Events of the catalogue; its things have dates instead of states."""

from procure.kernel.texts import n_

EVENTS = {
    "service:listed": n_("A service was listed in the catalogue."),
    "service:ended": n_("The end or the successors of a service were set."),
    "definition:published": n_("An outcome definition was published."),
    "scheme:published": n_("A payment scheme was published."),
}
