"""The tools whose repositories and sets are recognised: one line each."""

from cyberaudit.probes.stores import restic
from cyberaudit.probes.stores.inspection import Claim, Family

CLAIMS: tuple[Claim, ...] = (restic.CLAIM,)
"""Asked in this order of every folder; the first that reads something has it."""
FAMILIES: tuple[Family, ...] = ()
