"""One mail before it becomes bytes: who writes to whom, the same words in text and in HTML, what is attached."""

from datetime import datetime

from cyberaudit.frozen import frozen


@frozen
class Attachment:
    """A file that goes with a mail."""

    name: str
    """« maire.pdf »: ASCII, no folder."""
    media_type: str
    """`application/pdf`"""
    data: bytes


@frozen
class Letter:
    """One mail to everybody who has one role."""

    message_id: str
    """With its angle brackets; drawn once, kept for ever."""
    thread: str
    """Message-ID of the first mail of this role of this town, for `References`; empty for the first."""
    at: datetime
    """Aware; the `Date` field, in the town's zone."""
    sender: str
    """An address."""
    sender_name: str
    recipients: tuple[str, ...]
    """Addresses; at least one."""
    subject: str
    text: str
    """Lines of any length, ended by line feeds."""
    html: str
    attachments: tuple[Attachment, ...]
