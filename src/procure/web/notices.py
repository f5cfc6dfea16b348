"""Saying that something was saved, on the page that follows: `see_other(path, saved="plan")`.

A page that follows at once has the word as its variable `saved`. The address carries a word of
this list and nothing else, so that no text comes in from outside;
there is no flash in a session to be lost or shown to the wrong tab.
"""

from procure.kernel.texts import n_

QUERY = "saved"

SAVED: dict[str, str] = {
    "attendance": n_("The day's attendance is saved."),
    "correction": n_("The correction is saved, with its reason."),
    "attendance-file": n_("The file's attendance is saved."),
    "plan": n_("The plan is saved."),
    "plan-late": n_(
        "The plan is saved. It was entered late, so it counts once the buyer's side confirms it."
    ),
    "plan-confirmed": n_("The plan is confirmed and counts from now on."),
    "plan-withdrawn": n_("The plan is withdrawn. It stays in the history."),
    "visit": n_("The visit is saved."),
    "employer": n_("The employer is added and chosen below."),
    "leaving": n_("It is saved that the participant leaves."),
    "referral": n_("The referral is saved."),
    "group-planned": n_("The group is planned."),
    "group-started": n_("The group has started."),
    "group-completed": n_("The group is completed. Its attendance sheet is being printed."),
    "outcome": n_("The outcome is reported."),
    "outcome-withdrawn": n_("The report is taken back."),
    "evidence": n_("The evidence is saved."),
}


def with_notice(path: str, saved: str) -> str:
    """Add the word of a notice to an address of ours.

    >>> with_notice("/groups/1#visits", "visit"), with_notice("/groups?state=running", "plan")
    ('/groups/1?saved=visit#visits', '/groups?state=running&saved=plan')
    """
    place, mark, fragment = path.partition("#")
    return f"{place}{'&' if '?' in place else '?'}{QUERY}={saved}{mark}{fragment}"
