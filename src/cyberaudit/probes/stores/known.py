"""The tools whose repositories and sets are recognised: one line each."""

from cyberaudit.probes.stores import (
    borg,
    borg_store,
    cryptomator,
    duplicati,
    duplicity,
    ecryptfs,
    encfs,
    gocryptfs,
    hyper_backup,
    kopia,
    pbs,
    rdiff_backup,
    restic,
    rsnapshot,
    veeam_chain,
    volumes,
    vzdump,
    windows_image,
)
from cyberaudit.probes.stores.inspection import Claim, Family

CLAIMS: tuple[Claim, ...] = (
    restic.CLAIM,
    borg.CLAIM,
    borg_store.CLAIM,
    kopia.CLAIM,
    pbs.CLAIM,
    hyper_backup.CLAIM,
    rdiff_backup.CLAIM,
    windows_image.CLAIM,
    rsnapshot.CLAIM,
    gocryptfs.CLAIM,
    encfs.CLAIM,
    cryptomator.CLAIM,
    ecryptfs.CLAIM,
)
"""Asked in this order of every folder; the first that reads something has it."""
FAMILIES: tuple[Family, ...] = (
    duplicity.FAMILY,
    duplicati.FAMILY,
    vzdump.FAMILY,
    veeam_chain.FAMILY,
    volumes.FAMILY,
)
"""Asked in this order of every name; the first whose it is has it."""
