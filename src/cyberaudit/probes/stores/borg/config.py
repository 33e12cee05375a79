"""The file `config` of a borg repository in its log layout: an INI with its version, its rules, and often its key."""

import configparser
import re

from cyberaudit.frozen import frozen

CONFIG = "config"
MOST_CONFIG = 256 * 1024
# borg repository.py REPOSITORY_README, and that of 1.0.
README_MARKS = (b"Borg Backup repository", b"Borg repository")
MOST_README = 100
_ID = re.compile(r"[0-9a-fA-F]{64}")


@frozen
class Config:
    """What it says."""

    version: int
    append_only: bool
    key: bytes
    """As written there; empty when it holds none."""


def read_config(data: bytes) -> Config | None:
    """None when it is none of borg's."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(data.decode("utf-8"))
        section = parser["repository"]
        version = section.getint("version")
    except (configparser.Error, KeyError, ValueError):
        return None
    if version is None or not _ID.fullmatch(section.get("id", "").strip()):
        return None
    append_only = section.get("append_only", "0").strip() not in ("", "0")
    return Config(version, append_only, section.get("key", "").strip().encode())


def is_readme(data: bytes) -> bool:
    """Whether the first bytes of a README are those of a repository."""
    return any(mark in data for mark in README_MARKS)
