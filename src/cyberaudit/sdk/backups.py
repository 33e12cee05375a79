"""How the checks about backups read one location: what counts in it, how old it is, who could carry it away."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta

from cyberaudit import french
from cyberaudit.declared import Backup, Declaration
from cyberaudit.facts.backup import (
    BackupStore,
    Confidence,
    Copy,
    DateKind,
    StoreContents,
    Trouble,
    Verification,
)
from cyberaudit.model import Evidence, Item, Status, Unreachable, Verdict
from cyberaudit.sdk.shape import Context
from cyberaudit.sdk.verdicts import not_applicable, unknown

DECLARED, SEEN, NOT_VERIFIABLE = "déclaré", "constaté", "non vérifiable"

# ANSSI, Guide d'hygiène, measure 31: what can be lost or stolen; CNIL, fiche 17: what leaves the building
CARRIED_AWAY = frozenset({"usb-disk", "tape", "cloud"})
UNPLUGGED = frozenset({"usb-disk", "tape"})
"""Media that a person takes out of the machine."""
FAR_PLACES = frozenset({"sftp", "s3", "https", "rest"})
"""Places reached by a network protocol of ours, not by the system."""
SHARES = frozenset(
    {"cifs", "smb3", "smbfs", "nfs", "nfs4", "9p", "ceph", "davfs", "fuse.sshfs", "fuse.rclone", "fuse.s3fs"}
)
"""Mounts that stand on another machine."""
RIGHTS_OF_THE_MOUNT = frozenset(
    {"cifs", "smb3", "smbfs", "9p", "davfs", "vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "fuse"}
)
"""File systems whose rights, as shown here, are made up by the mount: what the store applies is not seen."""

# Ours, as the probe that marks copies of the future: a clock may be wrong by an hour, or forget summer time.
FUTURE_SLACK = timedelta(hours=1)
# Declared rhythm → weekdays without backup, Monday 0.
IDLE_DAYS = {"mon-fri": (5, 6), "mon-sat": (6,)}
WEEK_HOURS = 168
# Ours: past two months, a few idle days decide nothing.
LONGEST_COUNTED = timedelta(days=62)
# Ours: what was written within a day of the newest copy belongs to the same backup.
BATCH = timedelta(days=1)
# Ours: a weekly job, a day late.
WEEK = timedelta(days=8)

RANSOMED = (Trouble.RANSOM_NOTE, Trouble.MASS_RENAMED, Trouble.LOST_MAGIC)
END_NOT_SEEN = "end-not-seen"
FAULTS = {
    "empty": "elle est vide",
    "truncated": "elle est coupée avant la fin",
    "damaged": "elle est abîmée",
    "incomplete": "il lui manque des morceaux",
    "in-the-future": "sa date est dans l'avenir",
    "collapsed": "elle fait moins de la moitié de la taille habituelle",
    END_NOT_SEEN: "sa fin n'a pas été vue",
}


def contents_of(
    store: BackupStore, ctx: Context, *, absent: Verdict | None = None
) -> StoreContents | Verdict:
    """What the location holds, or the answer when that was not seen; `absent`: when the place itself is gone."""
    name = ctx.asset.name
    if ctx.asset.offline and store.present is not True:
        text = f"Le support de « {name} » est débranché, ce qui est normal : branchez-le pour le contrôler."
        return unknown(text)
    if isinstance(store.present, Unreachable):
        return unknown(store.present)
    if not store.present:
        return absent or not_applicable(f"Le dossier de « {name} » n'existe pas : il n'y a rien à juger.")
    if isinstance(store.contents, Unreachable):
        return unknown(store.contents)
    return store.contents


def without_copies(contents: StoreContents, ctx: Context) -> Verdict | None:
    """The answer when there is no copy to judge; None when there is one."""
    if contents.copies:
        return None
    if contents.complete and not contents.other_files:
        return not_applicable(f"« {ctx.asset.name} » ne contient aucune copie.")
    return unknown(f"« {ctx.asset.name} » ne montre aucune copie que cyberaudit reconnaisse.")


def fault_words(copy: Copy) -> str:
    """« elle est vide »."""
    return FAULTS.get(copy.fault, "elle est en défaut")


def fault_code(copy: Copy) -> str:
    """The fault, when it is one of ours: a stored look may have been changed by hand."""
    return copy.fault if copy.fault in FAULTS else "faulty"


def fault_told(copy: Copy) -> str:
    """« x.zip ne compte pas : elle est vide »; what was not seen is no fault."""
    if copy.fault == END_NOT_SEEN:
        return f"{copy.name} : sa fin n'a pas été vue, elle n'est ni bonne ni mauvaise."
    return f"{copy.name} ne compte pas : {fault_words(copy)}."


def spoiled(contents: StoreContents) -> str:
    """Why no copy of the location can be counted on, whatever each looks like; empty when nothing says so."""
    if contents.troubles(*RANSOMED):
        return "l'emplacement porte des traces de rançongiciel"
    if contents.troubles(Trouble.DAMAGED):
        return "un fichier du dépôt est abîmé"
    if contents.troubles(Trouble.VERIFICATION_FAILED) or any(
        _failed(store.verified) for store in contents.stores
    ):
        return "la vérification faite par l'outil a échoué"
    return "beaucoup de fichiers sont vides" if contents.troubles(Trouble.EMPTY_FILES) else ""


def _failed(verified: Verification | Unreachable) -> bool:
    return isinstance(verified, Verification) and not verified.good


def sure_copies(contents: StoreContents) -> tuple[Copy, ...]:
    """The good copies, newest first, told by their bytes, in a location that nothing spoils."""
    if spoiled(contents):
        return ()
    return tuple(copy for copy in contents.good if copy.confidence is not Confidence.NAME)


def last_copies(contents: StoreContents) -> tuple[Copy, ...]:
    """The newest copy of each job."""
    newest: dict[tuple[str, str], Copy] = {}
    for copy in contents.copies:
        newest.setdefault((copy.store, copy.series), copy)
    return tuple(newest.values())


def last_batch(copies: Iterable[Copy]) -> tuple[Copy, ...]:
    """The copies of the last backup: one night may write several, and a weekly job wrote its own days before."""
    every = tuple(copies)
    first: dict[tuple[str, str], Copy] = {}
    for copy in every:
        first.setdefault((copy.store, copy.series), copy)
    return tuple(
        copy
        for copy in every
        if every[0].written_at - copy.written_at < (WEEK if copy in first.values() else BATCH)
    )


def leaves_the_building(asset: Backup) -> bool:
    """It is kept elsewhere, on line, or on something that one carries away."""
    return asset.place == "off-site" or asset.media in CARRIED_AWAY


def rights_are_real(contents: StoreContents) -> bool:
    """The rights shown here are those that the file system keeps, not those that its mount makes up."""
    return contents.protection.filesystem.partition(".")[0] not in RIGHTS_OF_THE_MOUNT


def on_another_machine(contents: StoreContents) -> bool:
    return contents.protection.filesystem in FAR_PLACES | SHARES


def said_of(ctx: Context, asset: Backup, field: str) -> Declaration | None:
    """What a person declared of the backup, unless it is over or dated in the future."""
    declaration = asset.declaration(field)
    today = ctx.local(ctx.now).date()
    return declaration if declaration and declaration.on <= today <= declaration.until else None


def longest_wait(asset: Backup) -> timedelta:
    """The declared rhythm and its grace; a weekly backup is never expected before a week is over."""
    hours = max(asset.rpo_hours, WEEK_HOURS) if asset.weekdays == "weekly" else asset.rpo_hours
    return timedelta(hours=hours + asset.grace_hours)


def backup_age(moment: datetime, ctx: Context) -> timedelta:
    """Time since `moment`, that of the town's idle days left out: Friday's copy holds until Monday's."""
    whole = ctx.now - moment
    idle = IDLE_DAYS.get(ctx.asset.weekdays, ())
    if not idle or not timedelta() <= whole <= LONGEST_COUNTED:
        return whole
    start, now = ctx.local(moment), ctx.local(ctx.now)
    lost = timedelta()
    for offset in range((now.date() - start.date()).days + 1):
        midnight = datetime.combine(start.date() + timedelta(days=offset), time(), start.tzinfo)
        if midnight.weekday() in idle:
            spent = min(now, midnight + timedelta(days=1)) - max(start, midnight)
            lost += max(spent, timedelta())
    return whole - lost


def is_future(moment: datetime, ctx: Context) -> bool:
    return moment - FUTURE_SLACK > ctx.now


def moment_words(moment: datetime, ctx: Context) -> str:
    """« samedi 21 novembre 2026 à 3 h 10 », on the clocks of the town."""
    # Of the first and the last years, no time zone can be told.
    if not datetime(2, 1, 1, tzinfo=UTC) < moment < datetime(9999, 1, 1, tzinfo=UTC):
        return f"l'an {moment.year}"
    local = ctx.local(moment)
    return f"{french.day_of_week(local)} à {french.hour(local)}"


def date_words(copy: Copy) -> str:
    """« date certaine (nom du fichier, UTC) »."""
    worth = {
        DateKind.EXACT: "date certaine",
        DateKind.UPPER_BOUND: "peut-être plus ancienne",
        DateKind.LOWER_BOUND: "peut-être plus récente",
    }[copy.date_kind]
    return f"{worth} ({copy.date_source})" if copy.date_source else worth


def trouble_items(contents: StoreContents, wanted: Mapping[Trouble, tuple[Status, str]]) -> tuple[Item, ...]:
    """One item for each anomaly of these kinds, with the status and the words of each kind."""
    return tuple(
        Item(
            f"{trouble.code}/{trouble.place}",
            wanted[trouble.code][0],
            trouble.code,
            f"{wanted[trouble.code][1]}{_place(trouble.place)}.",
        )
        for trouble in contents.troubles(*wanted)
    )


def trouble_evidence(contents: StoreContents, wanted: Iterable[Trouble]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(trouble.place or "emplacement", trouble.evidence) for trouble in contents.troubles(*wanted)
    )


def _place(place: str) -> str:
    return f" (« {place} »)" if place else ""


def was_seen(facts: BackupStore | Unreachable | None) -> bool:
    """Whether it is there or not is known."""
    return isinstance(facts, BackupStore) and not isinstance(facts.present, Unreachable)


def listed_contents(facts: BackupStore | Unreachable | None) -> StoreContents | None:
    contents = facts.contents if isinstance(facts, BackupStore) else None
    return contents if isinstance(contents, StoreContents) else None


def device_of(facts: BackupStore | Unreachable | None) -> str:
    """Empty when it was not seen."""
    contents = listed_contents(facts)
    return contents.device if contents else ""


def is_gone(asset: Backup, facts: BackupStore | Unreachable | None) -> bool:
    """Absent, or there without any copy that may be good; a disk kept offline is absent as it should be."""
    if not isinstance(facts, BackupStore):
        return False
    if facts.present is False:
        return not asset.offline
    contents = listed_contents(facts)
    return contents is not None and contents.complete and not contents.not_bad and not contents.other_files


def one_place(device: str) -> str:
    """« sur le même disque »; of a far place the device is an address."""
    return "sur le même disque" if device.isdigit() else "à la même adresse"
