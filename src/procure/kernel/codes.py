"""Codes that others issue and that can be checked without asking them.

Source: registry code per the Commercial Register's modulus 11 (python-stdnum, `ee.registrikood`),
IBAN per ISO 13616. Our own test codes lie in ranges that the registers have not reached.
"""

import re

from stdnum import iban as _iban
from stdnum.ee import registrikood as _registrikood


def is_registry_code(code: str) -> bool:
    """Tell whether `code` is a well-formed Estonian registry code of eight digits.

    >>> is_registry_code("19990011"), is_registry_code("19990012")
    (True, False)
    """
    return bool(re.fullmatch(r"\d{8}", code)) and bool(_registrikood.is_valid(code))


def is_iban(account: str) -> bool:
    """Tell whether `account` is an IBAN with a right check sum; country rules not applied.

    >>> is_iban("EE849900000022115838"), is_iban("EE849900000022115839")
    (True, False)
    """
    return bool(_iban.is_valid(account, check_country=False))
