"""Names this installation answers to, cookies, and the address a request came from."""

from ipaddress import ip_network

import msgspec
import pytest
from litestar.testing import RequestFactory

from procure.settings import BadSetting, read, settings
from procure.web import clients, hosts, languages
from procure.web.clients import client_address
from procure.web.hosts import host_of
from tests.client import BASE, client_as

pytestmark = pytest.mark.usefixtures("db")


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nowhere", "/static/icon.svg", "/api/v1/clock"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", None),
        ("localhost:9999", None),
        ("[::1]:8000", None),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("127.0.0.1:8000@evil.example", 400),
        ("", 400),
    ],
)
async def test_only_our_own_names_are_answered(path: str, host: str, status: int | None) -> None:
    async with client_as(None) as browser:
        answer = await browser.get(
            path, headers={"host": host, "x-forwarded-host": "127.0.0.1:8000"}
        )
    assert (answer.status_code == 400) is (status == 400)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("authority", "host"),
    [("Procure.Example", "procure.example"), ("a:b:c", ""), ("x:99999", ""), ("[::1", "")],
)
def test_a_host_is_read_as_a_browser_reads_it(authority: str, host: str) -> None:
    assert host_of(authority) == host


@pytest.fixture
def tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach the installation at https://procure.example."""
    secure = msgspec.structs.replace(settings(), public_url="https://procure.example")
    for module in (hosts, languages):
        monkeypatch.setattr(module, "settings", lambda: secure)
    monkeypatch.setattr("procure.identity.sessions.settings", lambda: secure)
    hosts.allowed.cache_clear()


@pytest.mark.usefixtures("tls")
async def test_under_tls_every_cookie_is_the_hosts_own_and_no_scripts() -> None:
    from procure.kernel.actors import Role
    from tests.builders.identity import PASSWORD, a_person

    email, _ = await a_person(Role.COORDINATOR)
    async with client_as(None) as browser:
        browser.base_url = "https://procure.example"
        language = await browser.post("/language", data={"language": "et"})
        entered = await browser.post("/sign-in", data={"email": email, "password": PASSWORD})
        shown = await browser.get("/")
    hosts.allowed.cache_clear()
    cookies = [c for answer in (language, entered) for c in answer.headers.get_list("set-cookie")]
    assert len(cookies) == 3
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "samesite=lax" in cookie.lower()
        assert "domain" not in cookie.lower()
    assert '<html lang="et"' in shown.text


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        pytest.param("203.0.113.9", "1.1.1.1", "203.0.113.9", id="a stranger is not believed"),
        pytest.param("10.0.0.5", "1.1.1.1, 2.2.2.2", "2.2.2.2", id="a proxy is, for its own entry"),
        pytest.param("10.0.0.5", "1.1.1.1, 10.0.0.6", "1.1.1.1", id="two proxies in a row"),
        pytest.param("10.0.0.5", "", "10.0.0.5", id="a proxy that says nothing"),
    ],
)
def test_the_address_of_the_sender(
    peer: str, forwarded: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = msgspec.structs.replace(settings(), trusted_proxies=(ip_network("10.0.0.0/8"),))
    monkeypatch.setattr(clients, "settings", lambda: behind)
    request = RequestFactory().get(BASE, headers={"x-forwarded-for": forwarded})
    request.scope["client"] = (peer, 1234)
    assert client_address(request) == address


def test_trusted_proxies_are_addresses_or_networks() -> None:
    found = read({"PROCURE_TRUSTED_PROXIES": "10.0.0.5, 192.0.2.0/24"}).trusted_proxies
    assert [str(network) for network in found] == ["10.0.0.5/32", "192.0.2.0/24"]
    with pytest.raises(BadSetting, match="PROCURE_TRUSTED_PROXIES"):
        read({"PROCURE_TRUSTED_PROXIES": "the-proxy"})
