"""`cyberaudit notify`: the mail of the week, from what is stored."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import Checks, Config, Json, Now, ProfilePath, RelayAt
from cyberaudit.cli.shared import Shared, folders, moment, on_a_terminal, say, shared, warn
from cyberaudit.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyberaudit.run.notify import Notice, Outcome, Post

Preview = Annotated[
    bool, typer.Option("--preview", help="Montre ce qui serait envoyé. Rien ne part, rien n'est gardé.")
]
Always = Annotated[bool, typer.Option("--always", help="Écrit à chacun, même si rien n'a changé.")]
Waiting = Annotated[
    bool, typer.Option("--waiting", help="N'écrit rien de nouveau : renvoie seulement ce qui attend.")
]
AtOnce = Annotated[
    bool, typer.Option("--at-once", help="Renvoie tout de suite ce qui attend, même avant l'heure prévue.")
]
Roles = Annotated[
    list[str] | None,
    typer.Option("--role", metavar="RÔLE", help="Seulement secretary, contractor ou mayor (répétable)."),
]


def register(app: typer.Typer) -> None:
    app.command("notify", cls=FrenchCommand)(notify)


def notify(
    ctx: typer.Context,
    profile: ProfilePath,
    preview: Preview = False,
    always: Always = False,
    waiting: Waiting = False,
    at_once: AtOnce = False,
    role: Roles = None,
    now: Now = None,
    config: Config = None,
    relay_at: RelayAt = "",
    checks: Checks = None,
    as_json: Json = False,
) -> int:
    """Écrit à la mairie ce qui a changé depuis le dernier courrier, sans rien contrôler de nouveau.

    Sans changement, un courrier par mois dit que tout continue. Le maire n'en reçoit qu'un par mois. Ce qui ne part
    pas attend, et sera renvoyé : le code de sortie est alors 4.
    """
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run import notify as walk

    # What was put off is all that there is to hurry.
    waiting = waiting or at_once
    if waiting and (preview or always or role):
        raise UsageError("--waiting et --at-once vont seuls : sans --preview, --always ni --role.")
    post = _post(ctx, Path(profile), now=now, config=config, relay_at=relay_at, waiting=waiting)
    if waiting:
        outcome = walk.send_what_waits(post, at_once=at_once)
        # Every hour from a schedule: only what is lost is worth a word. A person who asks is answered.
        is_quiet = not (at_once or on_a_terminal())
        return _told(outcome, shared(ctx), as_json=as_json, is_quiet=is_quiet)
    catalogue = load_catalogue(folders(checks or ()))
    wish = walk.Wish(always=always, roles=_roles(role or ()))
    if preview:
        return _previewed(walk.notices(post, catalogue, wish), post, as_json=as_json)
    return _told(walk.notify(post, catalogue, wish), shared(ctx), as_json=as_json)


def _post(
    ctx: typer.Context, path: Path, *, now: str | None, config: str | None, relay_at: str, waiting: bool
) -> "Post":
    from cyberaudit.run.last_valid import valid_or_last
    from cyberaudit.run.notify import Post
    from cyberaudit.town.load import load_profile
    from cyberaudit.town.local import local_config

    history = shared(ctx).history_path
    return Post(
        # What waits may be the very mail that says that the profile is to be corrected.
        town=valid_or_last(path, history) if waiting else load_profile(path).town,
        folder=path.resolve().parent,
        history=history,
        config=local_config(Path(config) if config else None),
        now=moment(now),
        relay_at=relay_at,
    )


def _roles(words: "Sequence[str]") -> tuple[str, ...]:
    from cyberaudit.run.notify import ROLES

    for word in words:
        if word not in ROLES:
            raise UsageError(f"--role : « {word} » n'est pas un rôle ({', '.join(ROLES)}).")
    return tuple(words) or ROLES


def _previewed(told: "tuple[Notice, ...]", post: "Post", *, as_json: bool) -> int:
    from cyberaudit.run.notify import preview
    from cyberaudit.run.relay import relay_of

    say(_document([_plain(each) for each in told]) if as_json else preview(told, zone=post.zone))
    try:
        relay_of(post.delivery, post.config, folder=post.folder, relay_at=post.relay_at)
    except UsageError as error:
        # It is looked at before the day when it should leave.
        warn(str(error))
    return 0


def _told(outcome: "Outcome", options: Shared, *, as_json: bool, is_quiet: bool = False) -> int:
    if as_json:
        say(_document([_plain(each) for each in outcome.notices], outcome))
    elif not (options.quiet or (is_quiet and not options.verbose)):
        say(_summary(outcome))
    if outcome.waiting and not outcome.answers and not is_quiet:
        warn("« cyberaudit status » dit ce qui attend ; l'option --at-once le renvoie tout de suite.")
    if not is_quiet or outcome.refused:
        for sentence in outcome.answers:
            warn(sentence)
    return int(outcome.code)


def _summary(outcome: "Outcome") -> str:
    from cyberaudit import french

    counts = (
        (outcome.sent, "courrier envoyé", "courriers envoyés"),
        (outcome.waiting, "en attente", "en attente"),
        (outcome.refused, "abandonné", "abandonnés"),
    )
    told = [french.count(number, one, many) for number, one, many in counts if number]
    return f"{french.listed(told)}." if told else "Rien à envoyer."


def _plain(notice: "Notice") -> dict[str, object]:
    written = notice.written
    return {
        "role": notice.role,
        "recipients": list(notice.recipients),
        "kind": str(written.kind) if written else None,
        "subject": written.subject if written else None,
        "text": written.text if written else None,
        "attachments": [each.name for each in written.attachments] if written else [],
    }


def _document(notices: list[dict[str, object]], outcome: "Outcome | None" = None) -> str:
    document: dict[str, object] = {"schema_version": 1, "notices": notices}
    if outcome is not None:
        document |= {
            "sent": outcome.sent,
            "waiting": outcome.waiting,
            "refused": outcome.refused,
            "answers": list(outcome.answers),
        }
    return json.dumps(document, ensure_ascii=False, indent=2)
