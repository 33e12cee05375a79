"""Practice checks: what a person answered, as a verdict."""

import pytest

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.sdk import Answer, Context, Status
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("check_id", "half_way"),
    [
        ("practice.mfa", "some-accounts"),
        ("practice.incident-contacts", "draft"),
        ("practice.awareness", "some-people"),
    ],
)
def test_each_answer_has_its_verdict_and_its_own_sentence(check_id: str, half_way: str) -> None:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = towns.practice(check_id.removeprefix("practice."))
    ctx = Context(towns.NOW, asset, check.settings(), towns.town(asset))
    answers = (Answer.YES, Answer.PARTIAL, Answer.NO)
    verdicts = [check.function(towns.declaration(answer), ctx) for answer in answers]
    assert [(verdict.status, verdict.reason) for verdict in verdicts] == [
        (Status.PASS, ""),
        (Status.PARTIAL, half_way),
        (Status.FAIL, "answered-no"),
    ]
    assert len({verdict.text for verdict in verdicts}) == 3
