"""A mail as HTML: one column, no table, no image, nothing fetched; readable on a telephone and at night."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from cyberaudit.reports.mail_view import MailView

_TEMPLATES = files("cyberaudit.reports") / "templates"


def render(mail: MailView) -> str:
    """A whole page, the same words as the text; every word is escaped."""
    return _template().render(mail=mail)


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.from_string((_TEMPLATES / "mail.html").read_text("utf-8"))
