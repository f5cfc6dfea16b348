"""The lives of a group and of a participant; marks of attendance."""

from enum import StrEnum

from procure.kernel.states import Machine
from procure.kernel.texts import n_


class GroupState(StrEnum):
    """Where a group stands."""

    PLANNED = "planned"
    RUNNING = "running"
    COMPLETED = "completed"


GROUP = Machine(
    {
        (GroupState.PLANNED, "start"): GroupState.RUNNING,
        (GroupState.RUNNING, "complete"): GroupState.COMPLETED,
    }
)


class ParticipantState(StrEnum):
    """Where a participant stands."""

    REFERRED = "referred"
    ATTENDING = "attending"
    LEFT = "left"
    COMPLETED = "completed"


PARTICIPANT = Machine(
    {
        (ParticipantState.REFERRED, "join"): ParticipantState.ATTENDING,
        (ParticipantState.REFERRED, "leave"): ParticipantState.LEFT,
        (ParticipantState.ATTENDING, "leave"): ParticipantState.LEFT,
        (ParticipantState.ATTENDING, "complete"): ParticipantState.COMPLETED,
    }
)


class Mark(StrEnum):
    """One participant's day."""

    PRESENT = "present"
    EXCUSED = "excused"  # authorised absence; payable
    ABSENT = "absent"
    SUCCESS_VACANCY = (
        "success-vacancy"  # place empty because the person found work; payable for a while
    )


class PlanKind(StrEnum):
    """The two plans agreed with each participant."""

    INDIVIDUAL = "individual"  # milestone M1
    EXIT = "exit"  # milestone M3, agreed with the caseworker


class ExitReason(StrEnum):
    """Why a participant left or ended."""

    JOB = "JOB"
    EDUCATION = "EDUCATION"
    OTHER_SERVICE = "OTHER_SERVICE"
    ILLNESS = "ILLNESS"
    CARE = "CARE"
    NO_SHOW = "NO_SHOW"
    NEEDS_OTHER_SUPPORT = "NEEDS_OTHER_SUPPORT"
    MOVED = "MOVED"
    UNREGISTERED = "UNREGISTERED"
    CONTRACT_TERMINATED = "CONTRACT_TERMINATED"
    COMPLETED = "COMPLETED"


# Reasons that are a success: the empty place is paid for a while (reference/exit_reasons).
SUCCESSES = frozenset({ExitReason.JOB, ExitReason.EDUCATION})


EVENTS = {
    "group:planned": n_("A group was planned under a call-off."),
    "group:started": n_("A group began."),
    "group:completed": n_("A group ended."),
    "participant:referred": n_("A participant was referred by the caseworker."),
    "participant:left": n_("A participant left the group."),
    "attendance:entered": n_("Attendance of a day was entered."),
    "plan:recorded": n_("A plan was agreed with a participant."),
    "plan:confirmed": n_("The buyer's side confirmed a plan that was entered late."),
    "plan:withdrawn": n_("A plan was withdrawn."),
    "attendance:corrected": n_("Attendance was corrected late, with a reason."),
    "attendance:imported": n_("Attendance was imported from a file."),
    "visit:recorded": n_("A visit to an employer was recorded."),
    "employer:recorded": n_("An employer was recorded."),
}
