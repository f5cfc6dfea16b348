"""The events of dossier."""

from procure.kernel.texts import n_

EVENTS = {
    "dossier:exported": n_("A dossier was exported."),
}
