"""The environment is read once, and a bad value is named."""

from pathlib import Path

import pytest

from procure.settings import BadSetting, read


def test_nothing_set_is_enough() -> None:
    found = read({})
    assert found.database_url is None
    assert found.home == Path.cwd() / "var"
    assert found.root == Path(__file__).parents[1]
    assert (found.host, found.port, found.workers) == ("127.0.0.1", 8000, 1)
    assert found.public_url == "http://127.0.0.1:8000"
    assert found.secret_file == found.home / "secret"
    assert found.accept == frozenset()


def test_everything_can_be_set(tmp_path: Path) -> None:
    for part in ("templates", "fixtures"):
        (tmp_path / part).mkdir()
    found = read(
        {
            "DATABASE_URL": "postgresql://app@db/procure",
            "PROCURE_HOME": str(tmp_path),
            "PROCURE_ROOT": str(tmp_path),
            "PROCURE_HOST": "::1",
            "PROCURE_PORT": "65535",
            "PROCURE_WORKERS": "2",
            "PROCURE_ACCEPT": "checksums",
        }
    )
    assert found.home == found.root == tmp_path
    assert found.public_url == "http://[::1]:65535"
    assert found.accept == {"checksums"}


def test_the_public_address_has_no_slash_at_the_end() -> None:
    assert read({"PROCURE_PUBLIC_URL": "https://hanked.ee/"}).public_url == "https://hanked.ee"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROCURE_PORT", "0"),
        ("PROCURE_PORT", "65536"),
        ("PROCURE_PORT", "８０"),
        ("PROCURE_WORKERS", "0"),
        ("PROCURE_WORKERS", "65"),
        ("PROCURE_PUBLIC_URL", "hanked.ee"),
        ("PROCURE_PUBLIC_URL", "https://hanked.ee/?a=1"),
        ("PROCURE_ROOT", "/no/such/folder"),
        ("PROCURE_ACCEPT", "fsync"),
        ("DATABASE_URL", "mysql://app:secret@db/procure"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"^{name} "):
        read({name: value})


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(BadSetting) as error:
        read({"DATABASE_URL": "mysql://app:secret@db/procure"})
    assert "secret" not in str(error.value)
