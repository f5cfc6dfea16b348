"""What makes a password, an address, a name and a personal code acceptable.

Source: NIST SP 800-63B § 5.1.1.2 and OWASP ASVS 6.2 (length counts, composition rules do not, what
is commonly used or contains the context is refused); e-mail addresses as HTML's `type=email`
defines them; natural persons by ETSI EN 319 412-1 § 5.1.3 (PNOEE-…, PASLV-…).
"""

import re
from collections.abc import Sequence
from datetime import timedelta

from stdnum.ee import ik
from zxcvbn import zxcvbn

from procure.kernel.findings import Finding
from procure.kernel.texts import n_

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
EASY = 3  # of zxcvbn's 0 to 4: fewer than 10^8 guesses
LOOKED_AT = 72  # characters that zxcvbn is shown: its time grows with the square
OURS = ("procure", "hange", "tender", "tootukassa", "töötukassa")

LONGEST_EMAIL = 254
EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}"
    r"@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)
LONGEST_NAME = 200
_CODE = re.compile(r"(PNO|PAS|IDC)[A-Z]{2}-[A-Z0-9]{4,30}")

IDLE = timedelta(minutes=30)
LONGEST_SESSION = timedelta(hours=12)
TOKEN_DAYS = 90  # at most
INVITATION_LIFE = timedelta(days=7)
RESET_LIFE = timedelta(hours=24)
DEVICE_LIFE = timedelta(days=180)


def password_findings(
    password: str, about: Sequence[str] = (), field: str = "password"
) -> list[Finding]:
    """List what is wrong with a new password; `about` is what others know of the person.

    >>> password_findings("short")[0].code, password_findings("password1234")[0].code
    ('password-length', 'password-easy')
    >>> password_findings("mari tooming", ["mari.tooming@fond.example"])[0].code
    'password-easy'
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return [
            Finding(
                "password-length",
                n_("A password has {shortest} to {longest} characters; this one has {length}."),
                {
                    "shortest": SHORTEST_PASSWORD,
                    "longest": LONGEST_PASSWORD,
                    "length": len(password),
                },
                field=field,
            )
        ]
    known = [word for text in (*OURS, *about) for word in [text, *re.split(r"[\W_]+", text)]]
    if zxcvbn(password[:LOOKED_AT], [word for word in known if len(word) > 2])["score"] < EASY:
        return [
            Finding(
                "password-easy",
                n_(
                    "This password is easy to guess: it is common, or made of your name, your"
                    " address, a row of keys or a repetition. Several unrelated words are better."
                ),
                field=field,
            )
        ]
    return []


def tidy_email(email: str) -> str:
    """Return an address as it is kept: lower case, no spaces around.

    >>> tidy_email(" Mari@Fond.example ")
    'mari@fond.example'
    """
    return email.strip(" ").lower()


def person_findings(
    email: str, name: str, language: str, languages: Sequence[str]
) -> list[Finding]:
    """List what is wrong with how a person is to be called and reached.

    >>> [f.field for f in person_findings("a b@c", "", "xx", ["et"])]
    ['email', 'name', 'language']
    """
    found = []
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(email):
        found.append(
            Finding(
                "email", n_("{email} is not an e-mail address."), {"email": email[:60]}, "", "email"
            )
        )
    if not name.strip():
        found.append(Finding("missing", n_("Fill this in."), field="name"))
    elif len(name) > LONGEST_NAME or not name.isprintable():
        found.append(
            Finding(
                "name",
                n_("A name has at most {longest} characters, all of which can be printed."),
                {"longest": LONGEST_NAME},
                field="name",
            )
        )
    if language not in languages:
        found.append(Finding("choice", n_("Choose one of the list."), field="language"))
    return found


def natural_person(code: str) -> str | None:
    """Return whose personal code this is, in one way of writing it; None if it is none.

    Eleven digits are an Estonian personal code, whose check digit is checked; others say which
    document of which country it is.

    >>> natural_person("37605030299"), natural_person("pnoee-37605030299")
    ('PNOEE-37605030299', 'PNOEE-37605030299')
    >>> natural_person("37605030291"), natural_person("PASLV-LV1234567")
    (None, 'PASLV-LV1234567')
    """
    tidy = "".join(code.split()).upper()
    if re.fullmatch(r"\d{11}", tidy, re.ASCII):
        tidy = f"PNOEE-{tidy}"
    if not _CODE.fullmatch(tidy):
        return None
    if tidy.startswith("PNOEE-") and not ik.is_valid(tidy.removeprefix("PNOEE-")):
        return None
    return tidy
