"""What the sentences of a console name."""

from corscope.fetch.consoles.scene import PROXY_ERROR_STATUS
from tests.fetch.consoles import SCENE, URL


def test_a_fetch_goes_on_to_where_it_is_redirected() -> None:
    assert SCENE.target == URL
    assert SCENE._replace(location="https://b.test/").target == "https://b.test/"


def test_without_an_answer_the_browser_has_seen_the_proxys_own() -> None:
    assert SCENE._replace(status=404).shown_status == 404
    assert SCENE._replace(status=None).shown_status == PROXY_ERROR_STATUS


def test_at_another_url_the_fetch_began_there_too() -> None:
    scene = SCENE._replace(first_url="https://first.test/", destination="image")
    assert scene.at("https://b.test/y") == SCENE._replace(
        url="https://b.test/y", first_url="https://b.test/y", destination="image"
    )
