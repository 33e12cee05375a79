"""The embedded town, running, for every test that wants real servers."""

from collections.abc import Iterator

import pytest

from cyberaudit.demo.place import DemoPlace


@pytest.fixture(scope="session")
def demo_place() -> Iterator[DemoPlace]:
    with DemoPlace() as place:
        yield place
