"""Delivery as pages: groups, a day's attendance on a phone, plans, visits, referrals."""

from litestar import Controller

from procure.delivery.pages.attendance import AttendancePages
from procure.delivery.pages.groups import GroupPages
from procure.delivery.pages.people import PeoplePages
from procure.delivery.pages.referrals import ReferralPages
from procure.delivery.pages.visits import VisitPages

CONTROLLERS: list[type[Controller]] = [
    GroupPages,
    ReferralPages,
    PeoplePages,
    AttendancePages,
    VisitPages,
]
