"""Tables of outcomes; only outcomes.service writes them."""

from piccolo.columns import UUID, Boolean, Date, ForeignKey, OnDelete, Text, Timestamptz, Varchar
from piccolo.constraints import Check
from piccolo.table import Table

from procure.catalogue.tables import OutcomeDefinition
from procure.db import DB, AppUUID7, is_one_of
from procure.delivery.tables import Participant
from procure.documents.tables import File
from procure.outcomes.states import OutcomeState, Source


class Outcome(Table, db=DB, tablename="outcome"):
    """One outcome of a participant under one published definition."""

    id = UUID(primary_key=True, default=AppUUID7())
    participant = ForeignKey(Participant, on_delete=OnDelete.restrict, default=None, null=False)
    definition = ForeignKey(
        OutcomeDefinition, on_delete=OnDelete.restrict, default=None, null=False
    )
    outcome_on = Date(default=None, null=False)  # the day it began
    reported_at = Timestamptz(default=None, null=False)
    reported_by = UUID(default=None, null=False)
    state = Varchar(length=10, default=None, null=False)
    state_reason = Text(default=None, null=True)

    # Once for a participant and definition, those withdrawn apart: sql/75_outcomes.sql.
    known_state = is_one_of("state", OutcomeState)


class Evidence(Table, db=DB, tablename="evidence"):
    """What one source said of an outcome; never edited, newer rows are added."""

    id = UUID(primary_key=True, default=AppUUID7())
    outcome = ForeignKey(Outcome, on_delete=OnDelete.restrict, default=None, null=False)
    source = Varchar(length=15, default=None, null=False)
    supports = Boolean(default=None, null=False)
    facts = Text(default=None, null=False)  # canonical JSON: the answer as it was read
    note = Text(default=None, null=False)
    received_at = Timestamptz(default=None, null=False)
    recorded_by = UUID(default=None, null=True)  # null: a register answered
    file = ForeignKey(File, on_delete=OnDelete.restrict, default=None, null=True)
    file_name = Varchar(length=200, default=None, null=True)

    known_source = is_one_of("source", Source)
    file_has_a_name = Check("(file IS NULL) = (file_name IS NULL)")
