"""The skeleton of a new check: a file that works, to change."""

import re
from keyword import iskeyword
from pathlib import Path

from cyberaudit.errors import NotSaved, UsageError
from cyberaudit.refusals import system_clause

_ID = re.compile(r"x-[a-z0-9]+(-[a-z0-9]+)*\.[a-z0-9]+(-[a-z0-9]+)*")

_SKELETON = '''"""Le domaine de la mairie publie-t-il … ?

## Pourquoi
Ce que la mairie risque, en deux phrases simples, pour la secrétaire.

## Corriger
Ce que le prestataire doit faire, dans l'ordre.
"""

from cyberaudit.sdk import Context, MailDns, Unreachable, Verdict, check, failed, passed, unknown


@check("{id}", needs=MailDns, about="domain", impact=2, likelihood=2, measure="authenticate-mail")
def {function}(mail: MailDns, ctx: Context) -> Verdict:
    if isinstance(mail.apex, Unreachable):
        return unknown(mail.apex)
    if not mail.apex.records:
        return failed(f"Le domaine {{ctx.asset.name}} ne publie aucun texte.", reason="no-text")
    return passed(f"Le domaine {{ctx.asset.name}} publie un texte.")
'''


def _function_name(topic: str) -> str:
    return topic if topic.isidentifier() and not iskeyword(topic) else f"check_{topic}"


def scaffold(check_id: str, folder: Path) -> Path:
    """Write the skeleton of `check_id` in `folder`, made when missing; never over an existing file.

    Raises:
        UsageError: the id is not `x-<name>.<topic>`, or the file exists.
        NotSaved: the folder cannot be written.
    """
    if not _ID.fullmatch(check_id):
        raise UsageError(
            f"« {check_id} » : écrivez x-<votre nom>.<sujet>, en minuscules et tirets (x-agglo.banner)."
        )
    topic = check_id.partition(".")[2].replace("-", "_")
    path = folder / f"{topic}.py"
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(_SKELETON.format(id=check_id, function=_function_name(topic)))
        path.chmod(0o644)
    except FileExistsError:
        raise UsageError(f"{path} existe déjà : rien n'a été écrit.") from None
    except OSError as error:
        raise NotSaved(f"{path} ne peut pas être écrit : {system_clause(error)}.") from error
    return path
