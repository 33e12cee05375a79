"""`cyberaudit notify`: who is written what today, from what is stored; kept in the outbox, then sent."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from email.utils import make_msgid
from pathlib import Path

from cyberaudit import french
from cyberaudit.declared import Delivery, Recipient, Town
from cyberaudit.delivery.letter import Letter
from cyberaudit.delivery.message import compose
from cyberaudit.delivery.sending import deliver
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.history.diff import Diff
from cyberaudit.history.outbox import LONGEST_PAUSE, Copy, Outbox, Queued, State, open_outbox, outbox_path
from cyberaudit.history.state import zone_of
from cyberaudit.history.trace import CLOCK_SKEW
from cyberaudit.reports.change_words import ChangesView, Section
from cyberaudit.reports.changes import changes_view
from cyberaudit.reports.mail_words import Role
from cyberaudit.run.diff import Compared, compare_told
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.run.letters import Occasion, Written, letters, problem_letter
from cyberaudit.run.lock import alone
from cyberaudit.run.relay import relay_of
from cyberaudit.run.report import report
from cyberaudit.run.seals import Sealed, Seals, seals
from cyberaudit.run.tell import Told
from cyberaudit.run.told_last import Alike, told_alike
from cyberaudit.run.unreached import Unreached, unreached
from cyberaudit.town.local import LocalConfig

ROLES = ("secretary", "contractor", "mayor")
MAYOR = "mayor"
# Ours: the sign of life of a month does not follow a mail of the last days of the month before.
APART = timedelta(days=14)
# Ours: the same trouble every week is told every week, not more often.
PROBLEM_AGAIN = timedelta(days=6)

# Ours: deciding and writing takes a second or two.
PATIENCE = 60.0
_BUSY = "Le courrier est déjà en train d'être écrit par un autre programme : recommencez dans une minute."


@frozen
class Post:
    """One town whose mail is looked after: where it is written, what this machine may use for it."""

    town: Town
    """Its `delivery` says whom and by which relay."""
    folder: Path
    """Where the profile stands."""
    history: Path
    config: LocalConfig
    now: datetime
    relay_at: str = ""
    """`127.0.0.1:2525`: where tests find the relay instead."""

    @property
    def delivery(self) -> Delivery:
        return self.town.delivery

    @property
    def zone(self) -> tzinfo:
        return zone_of(self.town)

    @property
    def outbox(self) -> Path:
        return outbox_path(self.history)

    def recipients(self, role: str) -> tuple[Recipient, ...]:
        return tuple(each for each in self.delivery.recipients if each.role == role)


@frozen
class Wish:
    """What is asked for beyond the usual."""

    always: bool = False
    """A mail to each role, whatever changed."""
    roles: Collection[str] = ROLES


@frozen
class Notice:
    """What the people of one role are told, or are not; those who missed a mail have a notice of their own."""

    role: str
    recipients: tuple[str, ...]
    """Addresses."""
    since: datetime | None
    """When the last mail of this role was made; None: there was none."""
    written: Written | None
    """None: nothing to say today."""
    told_from: tuple[str, ...]
    """UUIDs of the audits it would tell about, newest first."""


@frozen
class Outcome:
    """What became of the mail of one town."""

    notices: tuple[Notice, ...] = ()
    """What was put this time, or would have been."""
    sent: int = 0
    waiting: int = 0
    refused: int = 0
    answers: tuple[str, ...] = ()
    """Why something did not leave, or not as it should: French sentences."""
    unwritten: int = 0
    """Of the refused, people for whom no message could be made: the outbox holds nothing of them."""

    @property
    def code(self) -> ExitCode:
        if self.waiting or self.refused:
            return ExitCode.NOT_SENT
        return ExitCode.INCOMPLETE if self.answers else ExitCode.DONE


@frozen
class _Due:
    """What changed for a group since it was last told, and whether that is a reason to write."""

    whom: Alike
    found: Compared
    occasion: Occasion | None


NOTHING_SENT = Outcome()
USUAL = Wish()


def notices(post: Post, catalogue: Catalogue, wish: Wish = USUAL) -> tuple[Notice, ...]:
    """What each role that has somebody would be told now; nothing is kept, nothing leaves.

    Raises:
        UsageError: the profile names nobody of these roles.
        HistoryError: nothing recent is stored, or it cannot be read.
    """
    roles = [role for role in ROLES if role in wish.roles and post.recipients(role)]
    if not roles:
        raise UsageError("Le profil ne dit pas à qui écrire : remplissez « delivery », puis « recipients ».")
    _refuse_no_way(post.delivery)
    mails = _mails(post)
    groups = [each for role in roles for each in told_alike(role, post.recipients(role), mails, now=post.now)]
    due = [_due(each, post, catalogue, wish) for each in groups]
    words = _words(post, catalogue, due, missed=unreached(mails, post.delivery.recipients, now=post.now))
    return tuple(_notice(each, written) for each, written in zip(due, words, strict=True))


def _notice(due: _Due, written: Written | None) -> Notice:
    return Notice(
        role=due.whom.role,
        recipients=tuple(each.address for each in due.whom.people),
        since=due.whom.last.made_at if due.whom.last else None,
        written=written,
        told_from=due.found.told_from,
    )


def _refuse_no_way(delivery: Delivery) -> None:
    for key, value, what in (
        ("relay", delivery.relay, "par quel serveur"),
        ("sender", delivery.sender, "de la part de qui"),
    ):
        if not value:
            raise UsageError(f"Le profil ne dit pas {what} écrire : remplissez « delivery », puis « {key} ».")


def _mails(post: Post) -> tuple[Queued, ...]:
    """What became of every mail of the town, newest first; their contents left out."""
    if not post.outbox.exists():
        return ()
    with open_outbox(post.outbox, create=True) as outbox:
        return outbox.states(post.town.id)


def _due(whom: Alike, post: Post, catalogue: Catalogue, wish: Wish) -> _Due:
    told_from = tuple(whom.last.audit.split()) if whom.last else ()
    found = compare_told(post.history, catalogue, commune=post.town.id, told_from=told_from, now=post.now)
    return _Due(whom, found, _occasion(whom, found, post, wish))


def _occasion(whom: Alike, found: Compared, post: Post, wish: Wish) -> Occasion | None:
    if wish.always:
        return Occasion.ALWAYS
    last = whom.last
    if whom.role != MAYOR and last is not None and is_worth_a_mail(found.diff):
        return Occasion.CHANGE
    return Occasion.HEARTBEAT if last is None or _month_went_by(last.made_at, post) else None


def is_worth_a_mail(diff: Diff | None) -> bool:
    """Whether something has a line of its own, delays aside: those were told when they began."""
    return any(each.section is not Section.LATE for each in _view(diff).sections)


def _view(diff: Diff | None) -> ChangesView:
    return changes_view(diff, titles={})


def _month_went_by(last: datetime, post: Post) -> bool:
    """Whether the month is another one in the town, and the last mail is not of these days."""
    if _of_another_clock(last, post):
        return True
    # Days, not hours: a weekly control begins a second sooner or later, and clocks change.
    then, today = last.astimezone(post.zone).date(), post.now.astimezone(post.zone).date()
    return (then.year, then.month) < (today.year, today.month) and today - then >= APART


def _of_another_clock(last: datetime, post: Post) -> bool:
    """Whether a mail is of days to come: this machine's clock was wrong then, and nobody waits for that day."""
    return last - post.now > CLOCK_SKEW


def _words(
    post: Post, catalogue: Catalogue, due: Sequence[_Due], *, missed: Sequence[Unreached]
) -> list[Written | None]:
    """What each group is written, None where nothing is due. `missed`: whom no mail reaches; the others are told."""
    if not any(each.occasion for each in due):
        return [None] * len(due)
    told = report(post.history, catalogue, commune=post.town.id, now=post.now, with_levels=True)
    return [_letter(each, told, post, catalogue, missed) for each in due]


def _letter(
    due: _Due, told: Told, post: Post, catalogue: Catalogue, missed: Sequence[Unreached]
) -> Written | None:
    if due.occasion is None:
        return None
    own = {each.address for each in due.whom.people}
    made = letters(
        told,
        due.found.diff,
        catalogue=catalogue,
        occasion=due.occasion,
        now=post.now,
        roles=(due.whom.role,),
        unreached=[each for each in missed if each.address not in own],
    )
    return made[0] if made else None


def notify(post: Post, catalogue: Catalogue, wish: Wish = USUAL) -> Outcome:
    """Put what there is to say, then send it and whatever waited.

    Raises:
        UsageError: as `notices`.
        HistoryError: as `notices`; `NotSaved` when the outbox cannot be written.
    """
    with _alone(post):
        told = notices(post, catalogue, wish)
        put = _put(
            post, [(each.written, each.told_from, _people(post, each)) for each in told if each.written]
        )
    return _with(put, replace(send_what_waits(post), notices=told))


def _alone(post: Post) -> AbstractContextManager[None]:
    """From what was told last to what is put: two programs at once would tell the same news twice.

    Raises:
        Busy: another one is at it for a minute.
    """
    return alone(post.outbox.with_name(f"{post.outbox.name}.notify.lock"), sentence=_BUSY, patience=PATIENCE)


def send_what_waits(post: Post, *, at_once: bool = False) -> Outcome:
    """Try every mail of the town that is due; `at_once`: that waits, whenever it is due.

    Raises:
        HistoryError: the outbox cannot be read; `NotSaved` when it cannot be written.
    """
    if not post.outbox.exists():
        return NOTHING_SENT
    with open_outbox(post.outbox, create=True) as outbox:
        _withdraw_from_strangers(outbox, post)
        try:
            relay = relay_of(post.delivery, post.config, folder=post.folder, relay_at=post.relay_at)
        except UsageError as error:
            waiting = outbox.unsettled(post.town.id)
            if waiting:
                outbox.held(post.town.id, _as_clause(error), post.now)
            return Outcome(waiting=waiting, answers=(str(error),) if waiting else ())
        outbox.held(post.town.id, "", post.now)
        at = post.now + LONGEST_PAUSE if at_once else post.now
        done = deliver(outbox, relay, post.delivery.sender, now=post.now, due=at, commune=post.town.id)
    return Outcome((), done.sent, done.waiting, done.refused, done.answers)


def _withdraw_from_strangers(outbox: Outbox, post: Post) -> None:
    """What was put before somebody left the profile goes to that address no more.

    A profile that names nobody at all says nothing of anybody: what waits leaves.
    """
    people = {each.address for each in post.delivery.recipients}
    if not people or not outbox.unsettled(post.town.id):
        return
    with outbox.alone() as alone:
        if alone:
            outbox.withdraw(post.town.id, but=people, why=_LEFT, at=post.now)


_LEFT = "cette adresse n'est plus dans le profil"


def _as_clause(error: UsageError) -> str:
    """As an answer is kept: without capital or full stop."""
    sentence = str(error).removesuffix(".")
    return f"{sentence[:1].lower()}{sentence[1:]}"


def forget_old_mail(history: Path, *, before: datetime) -> None:
    """Remove what was made before and is settled, from the outbox beside `history`.

    Raises:
        HistoryError: it cannot be read; `NotSaved` when it cannot be written.
    """
    if outbox_path(history).exists():
        with open_outbox(outbox_path(history), create=True) as outbox:
            outbox.prune(before)


def tell_problem(post: Post, sentence: str) -> Outcome:
    """Write that the weekly control could not be made, then send it and whatever waited.

    To the contractor; to the secretary of a town that names none, or whose mail to the contractor is refused:
    somebody must know.

    Raises:
        HistoryError: as `notify`.
    """
    with _alone(post):
        roles = [each for each in _who_minds(post) if not _told_lately(post, each)]
        put = _put(post, [(_of_problem(post, each, sentence), (), post.recipients(each)) for each in roles])
    return _with(put, send_what_waits(post))


def _of_problem(post: Post, role: Role, sentence: str) -> Written:
    return problem_letter(post.town.commune.name, sentence, now=post.now, zone=post.zone, role=role)


def _who_minds(post: Post) -> Iterator[Role]:
    """Role after role, until somebody is there whom mail may reach."""
    missed = unreached(_mails(post), post.delivery.recipients, now=post.now)
    lost = {(each.role, each.address) for each in missed}
    for role in (Role.CONTRACTOR, Role.SECRETARY):
        people = post.recipients(role)
        if people:
            yield role
        if any((role, each.address) not in lost for each in people):
            return


def _told_lately(post: Post, role: Role) -> bool:
    if not post.outbox.exists():
        return False
    with open_outbox(post.outbox, create=True) as outbox:
        last = outbox.last(post.town.id, role)
    if last is None or last.kind != Occasion.PROBLEM or _of_another_clock(last.made_at, post):
        return False
    return post.now - last.made_at < PROBLEM_AGAIN


def _people(post: Post, notice: Notice) -> tuple[Recipient, ...]:
    return tuple(each for each in post.recipients(notice.role) if each.address in notice.recipients)


def _put(post: Post, written: Sequence[tuple[Written, tuple[str, ...], Sequence[Recipient]]]) -> Outcome:
    """Keep each mail; who could not be written to, and why."""
    if not written:
        return NOTHING_SENT
    made = [(words, told_from, _seals(post, people)) for words, told_from, people in written]
    with open_outbox(post.outbox, create=True) as outbox:
        # Together: half of them, and the next run would believe that everybody was told.
        outbox.put_all(
            [
                _queued(post, outbox, words, told_from, sealed)
                for words, told_from, found in made
                for sealed in found.messages
            ]
        )
    troubles = dict.fromkeys(sentence for *_, found in made for sentence in found.troubles)
    unwritten = sum(len(found.unwritten) for *_, found in made)
    return Outcome(refused=unwritten, answers=tuple(troubles), unwritten=unwritten)


def _seals(post: Post, people: Sequence[Recipient]) -> Seals:
    return seals(
        people,
        post.config.signing,
        sender=post.delivery.sender,
        folder=post.folder,
        now=post.now,
    )


def _with(put: Outcome, sent: Outcome) -> Outcome:
    return replace(
        sent,
        refused=put.refused + sent.refused,
        answers=(*put.answers, *sent.answers),
        unwritten=put.unwritten,
    )


def _queued(post: Post, outbox: Outbox, words: Written, told_from: tuple[str, ...], sealed: Sealed) -> Queued:
    commune, addresses = post.town.id, tuple(each.address for each in sealed.recipients)
    letter = Letter(
        message_id=make_msgid(domain=post.delivery.sender.rpartition("@")[2]),
        thread=outbox.first_message_id(commune, words.role),
        at=post.now.astimezone(post.zone),
        sender=post.delivery.sender,
        sender_name=f"cyberaudit, {post.town.commune.name}",
        recipients=addresses,
        subject=words.subject,
        text=words.text,
        html=words.html,
        attachments=words.attachments,
    )
    return Queued(
        id=0,
        message_id=letter.message_id,
        commune=commune,
        role=words.role,
        kind=words.kind,
        audit=" ".join(told_from),
        subject=words.subject,
        made_at=post.now,
        message=compose(letter, signer=sealed.signer, readers=sealed.readers),
        copies=tuple(Copy(each, State.WAITING, 0, None, "", post.now, doubtful=False) for each in addresses),
    )


def preview(told: Sequence[Notice], *, zone: tzinfo) -> str:
    """What would be sent, role by role, as text."""
    blocks = []
    for each in told:
        head = f"{_ROLE_NAMES[each.role]} ({french.count(len(each.recipients), 'destinataire')})"
        if each.written is None:
            day = french.day(each.since.astimezone(zone)) if each.since else ""
            blocks.append(
                french.typeset(f"{head} : rien à envoyer, rien n'a changé depuis le courrier du {day}.")
            )
        else:
            attached = "".join(f"\nPièce jointe : {file.name}" for file in each.written.attachments)
            blocks.append(
                french.typeset(f"{head}\nObjet : {each.written.subject}{attached}")
                + f"\n\n{each.written.text}"
            )
    return "\n\n".join(block.rstrip("\n") for block in blocks) + "\n"


_ROLE_NAMES = {"secretary": "Secrétariat", "contractor": "Prestataire", "mayor": "Maire"}


__all__ = [
    "NOTHING_SENT",
    "ROLES",
    "Notice",
    "Outcome",
    "Post",
    "Wish",
    "forget_old_mail",
    "is_worth_a_mail",
    "notices",
    "notify",
    "preview",
    "send_what_waits",
    "tell_problem",
]
