"""The words that terms are written in: facts chosen, values, conditions, and days on which.

Each Struct is one JSON object, its `is` says which. Lengths are calendar days, weeks or months;
a spell ends before its `until`. Money and quantities are exact; nothing here computes.
"""

from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec


class Word(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="is"
):
    """What every part of the language is: known by its `is`, and nothing in it unread."""


class Length(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How long: months are counted in the calendar, working days without weekends and holidays."""

    days: int = 0
    weeks: int = 0
    months: int = 0
    working_days: int = 0


Comparison: TypeAlias = Literal[">=", ">", "<=", "<", "=", "!="]


class NumberTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A number of a fact compared; the length of a spell in days is its number `days`."""

    op: Comparison
    than: "Value"
    number: str = "value"


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Days relative to an anchor, both ends included; looking back, they lie before it."""

    anchor: "When | None" = None  # the participant's start
    earliest: Length = Length()
    latest: Length | None = None
    looking_back: bool = False


class Same(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An exclusion: the fact shares this word (an employer) with one of other facts."""

    word: str
    facts: "Facts"


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which facts: by what they say, of whom, their words, numbers and source, and when."""

    what: list[str]
    whose: Literal["person", "everyone", "contract"] = "person"
    words: dict[str, list[str]] = {}  # each word is one of these
    not_words: dict[str, list[str]] = {}  # and none of those
    numbers: list[NumberTest] = []
    sources: list[str] = []
    unless_same: list[Same] = []
    window: Window | None = None
    together: NumberTest | None = None  # spells at the same time add up, and then pass this


# --- Values: each gives an exact number ---------------------------------------------------------


class Reference(Word, frozen=True, omit_defaults=True, tag="number"):
    """A dated reference value of the terms, on the day of earning or of the start."""

    name: str
    on: Literal["earned", "start"] = "earned"


class FromTable(Word, frozen=True, omit_defaults=True, tag="table"):
    """The value of the first row of a table that fits."""

    name: str


class Named(Word, frozen=True, omit_defaults=True, tag="named"):
    """A value that the terms give a name."""

    name: str


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One point of a curve."""

    at: Decimal
    value: "Value"


class Curve(Word, frozen=True, omit_defaults=True, tag="curve"):
    """Straight lines between points, level before the first and after the last."""

    of: "Value"
    points: list[Point]


class OfFact(Word, frozen=True, omit_defaults=True, tag="fact"):
    """A number of the fact in hand."""

    number: str = "value"


class OfPerson(Word, frozen=True, omit_defaults=True, tag="person"):
    """A number of the participant, frozen at the start."""

    number: str


class Sum(Word, frozen=True, omit_defaults=True, tag="sum"):
    """All of these together."""

    of: list["Value"]


class Product(Word, frozen=True, omit_defaults=True, tag="product"):
    """All of these multiplied."""

    of: list["Value"]


class Least(Word, frozen=True, omit_defaults=True, tag="least"):
    """The smallest of these."""

    of: list["Value"]


class Greatest(Word, frozen=True, omit_defaults=True, tag="greatest"):
    """The largest of these."""

    of: list["Value"]


class Minus(Word, frozen=True, omit_defaults=True, tag="minus"):
    """The first less the second."""

    of: "Value"
    less: "Value"


class Quotient(Word, frozen=True, omit_defaults=True, tag="quotient"):
    """The first divided by the second; `if_zero` where the second is zero."""

    of: "Value"
    by: "Value"
    if_zero: "Value | None" = None


class Choice(Word, frozen=True, omit_defaults=True, tag="choice"):
    """One value if a condition holds, another if not."""

    when: "Condition"
    then: "Value"
    otherwise: "Value" = Decimal(0)


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """From where on a step holds; `above` is without the bound itself."""

    value: "Value"
    at_least: "Value | None" = None
    above: "Value | None" = None


class Steps(Word, frozen=True, omit_defaults=True, tag="steps"):
    """The value of the first step that `of` reaches; steps are written from the top down."""

    of: "Value"
    steps: list[Step]
    otherwise: "Value" = Decimal(0)


class Rounded(Word, frozen=True, omit_defaults=True, tag="rounded"):
    """A value rounded where the terms say so."""

    of: "Value"
    step: Decimal = Decimal("0.01")
    mode: Literal["half_up", "half_even", "down", "up"] = "half_up"


class Count(Word, frozen=True, omit_defaults=True, tag="count"):
    """How many facts; by `distinct` each day, or each value of a word, counts once."""

    facts: Facts
    distinct: str = ""


class Total(Word, frozen=True, omit_defaults=True, tag="total"):
    """The sum of a number over facts."""

    facts: Facts
    number: str = "value"


class Newest(Word, frozen=True, omit_defaults=True, tag="newest"):
    """The number of the last fact that begins no later than the day of earning."""

    facts: Facts
    number: str = "value"
    otherwise: "Value | None" = None


class DaysOf(Word, frozen=True, omit_defaults=True, tag="days"):
    """The days that spells cover, each once, however many spells cover it."""

    facts: Facts


class Longest(Word, frozen=True, omit_defaults=True, tag="longest"):
    """The days of the longest unbroken run; a gap up to `bridge` does not break it."""

    facts: Facts
    bridge: Length = Length()


class Earned(Word, frozen=True, omit_defaults=True, tag="earned"):
    """What other fees brought: of the participant, or of everyone after their limits."""

    fees: list[str]
    what: Literal["amount", "quantity", "count"] = "amount"


class Unearned(Word, frozen=True, omit_defaults=True, tag="unearned"):
    """What milestones of the participant would still have brought."""

    fees: list[str]


class Position(Word, frozen=True, omit_defaults=True, tag="position"):
    """The participant's place among all by the day of something; the start unless said."""

    by: "When | None" = None


class People(Word, frozen=True, omit_defaults=True, tag="people"):
    """How many participants there are for whom a condition holds."""

    when: "Condition | None" = None


class OverPeople(Word, frozen=True, omit_defaults=True, tag="over_people"):
    """A value summed over all participants."""

    of: "Value"


class ContractYear(Word, frozen=True, omit_defaults=True, tag="contract_year"):
    """Which year of the contract the day of earning, or the start, lies in; the first is 1."""

    on: Literal["earned", "start"] = "earned"


# --- Conditions ---------------------------------------------------------------------------------


class Compare(Word, frozen=True, omit_defaults=True, tag="compare"):
    """Two values compared; `>` and `>=` are not the same."""

    left: "Value"
    op: Comparison
    right: "Value"


class All(Word, frozen=True, omit_defaults=True, tag="all"):
    """Each of these holds."""

    of: list["Condition"]


class Any(Word, frozen=True, omit_defaults=True, tag="any"):
    """At least one of these holds."""

    of: list["Condition"]


class Not(Word, frozen=True, omit_defaults=True, tag="not"):
    """This does not hold."""

    of: "Condition"


class HasWord(Word, frozen=True, omit_defaults=True, tag="word"):
    """A word of the participant, frozen at the start, is one of these."""

    word: str
    among: list[str]


class FactHasWord(Word, frozen=True, omit_defaults=True, tag="fact_word"):
    """A word of the fact in hand is one of these."""

    word: str
    among: list[str]


class Reached(Word, frozen=True, omit_defaults=True, tag="reached"):
    """There is such a day."""

    when: "When"


class NotLater(Word, frozen=True, omit_defaults=True, tag="not_later"):
    """The day of one thing is there, and not after that of another, as far as that is known."""

    this: "When"
    than: "When"


# --- Days on which something is reached ---------------------------------------------------------


class Start(Word, frozen=True, omit_defaults=True, tag="start"):
    """The participant's start; for the contract its first day."""


class OnDay(Word, frozen=True, omit_defaults=True, tag="on"):
    """A day of the calendar."""

    day: date


class First(Word, frozen=True, omit_defaults=True, tag="first"):
    """The day of the first fact, or of the n-th; by `distinct` each day counts once."""

    facts: Facts
    nth: int = 1
    distinct: str = ""


class TotalReaches(Word, frozen=True, omit_defaults=True, tag="total"):
    """The day on which a number, added up over facts, reaches (or exceeds) a value."""

    facts: Facts
    than: "Value"
    op: Literal[">=", ">"] = ">="
    number: str = "value"


class DaysReach(Word, frozen=True, omit_defaults=True, tag="days"):
    """The last of so many days that spells cover in all, each day once."""

    facts: Facts
    length: Length


class Run(Word, frozen=True, omit_defaults=True, tag="run"):
    """The last day of so long an unbroken run; a gap up to `bridge` does not break it."""

    facts: Facts
    length: Length
    bridge: Length = Length()


class Periods(Word, frozen=True, omit_defaults=True, tag="periods"):
    """The end of the n-th good period of any m in a row: months, weeks from the start, or days."""

    facts: Facts
    n: int
    of: int
    period: Literal["month", "week", "day"] = "month"
    measure: Literal["total", "count", "days"] = "total"
    op: Comparison = ">="
    than: "Value" = Decimal(1)
    number: str = "value"


class Elapsed(Word, frozen=True, omit_defaults=True, tag="elapsed"):
    """So long after another day, if spells still cover it (or ended on it, by completion)."""

    after: "When"
    length: Length
    during: Facts | None = None


class Ended(Word, frozen=True, omit_defaults=True, tag="end"):
    """The first day after a spell; with `before`, only if it was shorter than that."""

    facts: Facts
    before: Length | None = None


class Every(Word, frozen=True, omit_defaults=True, tag="every"):
    """The last of these days, if each is reached."""

    of: list["When"]


class Either(Word, frozen=True, omit_defaults=True, tag="either"):
    """The first of these days that is reached."""

    of: list["When"]


Value: TypeAlias = (
    Decimal | Reference | FromTable | Named | Curve | OfFact | OfPerson | Sum | Product | Least
    | Greatest | Minus | Quotient | Choice | Steps | Rounded | Count | Total | Newest | DaysOf
    | Longest | Earned | Unearned | Position | People | OverPeople | ContractYear
)  # fmt: skip
Condition: TypeAlias = Compare | All | Any | Not | HasWord | FactHasWord | Reached | NotLater
When: TypeAlias = (
    Start | OnDay | First | TotalReaches | DaysReach | Run | Periods | Elapsed | Ended | Every
    | Either
)  # fmt: skip
