"""One far place, reached and seen as a tree."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import assert_never

from cyberaudit.model import Reason
from cyberaudit.probes.stores.far.http_session import HttpSession, as_sent
from cyberaudit.probes.stores.far.lines import Lines
from cyberaudit.probes.stores.far.rest_tree import RestTree
from cyberaudit.probes.stores.far.s3_answers import read_refusal
from cyberaudit.probes.stores.far.s3_tree import S3Tree, signer
from cyberaudit.probes.stores.far.sftp_tree import SftpTree, root_of
from cyberaudit.probes.stores.far.web_tree import WebTree
from cyberaudit.probes.stores.place import Absent, CannotTell
from cyberaudit.probes.stores.request import FarPlace, Scheme
from cyberaudit.probes.stores.tree import Kind, Tree


@contextmanager
def far_tree(place: FarPlace, lines: Lines, *, now: datetime) -> Iterator[Tree]:
    """The tree of a far place; `now`: the scan's date, at which locks are judged.

    Raises:
        Absent: it is not there, and what it would be in is.
        CannotTell: it cannot be reached, or does not prove who it is.
        OSError: it broke off, or refuses.
    """
    match place.scheme:
        case Scheme.SFTP:
            with _sftp(place, lines) as tree:
                yield tree
        case Scheme.S3:
            with closing(HttpSession(place, lines, sign=signer(place), explain=read_refusal)) as session:
                yield S3Tree.at(session, place.path, now=now)
        case Scheme.WEB:
            with closing(HttpSession(place, lines)) as session:
                yield WebTree(session, as_sent(place.path))
        case Scheme.REST:
            with closing(HttpSession(place, lines)) as session:
                base = as_sent(place.path).rstrip("/") + "/"
                yield RestTree(session, lambda: HttpSession(place, lines), base)
        case _:
            assert_never(place.scheme)


@contextmanager
def _sftp(place: FarPlace, lines: Lines) -> Iterator[SftpTree]:
    # Imported here: paramiko is heavy.
    from cyberaudit.probes.stores.far.sftp_client import SftpClient
    from cyberaudit.probes.stores.far.ssh_line import sftp_channel

    with sftp_channel(place, lines) as channel:
        client = SftpClient(channel, lines.budget)
        tree = SftpTree(client, root_of(place.path))
        try:
            kind = tree.status(()).kind
        except FileNotFoundError:
            # Raises when what it would be in is not to be seen: a share that is not mounted there, perhaps.
            client.status(tree.root.rstrip(b"/").rpartition(b"/")[0] or b"/", follow=True)
            raise Absent from None
        if kind is not Kind.FOLDER:
            raise CannotTell(Reason.PROTOCOL_ERROR, "ce n'est pas un dossier")
        yield tree
