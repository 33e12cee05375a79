"""How people call each kind of store of backups."""

KINDS: dict[str, str] = {
    "folder": "dossier de copies",
    "mirror": "miroir de documents",
    "restic": "dépôt restic",
    "borg": "dépôt Borg",
    "borg2": "dépôt Borg 2",
    "kopia": "dépôt Kopia",
    "duplicity": "copies Duplicity",
    "duplicati": "copies Duplicati",
    "rclone-crypt": "copies chiffrées par rclone",
    "pbs": "dépôt Proxmox Backup Server",
    "vzdump": "copies de machines Proxmox",
    "veeam": "copies Veeam",
    "hyper-backup": "copies Synology Hyper Backup",
    "cloud-sync": "copies Synology Cloud Sync",
    "windows-image": "image de Windows",
    "rsnapshot": "copies rsnapshot",
    "rdiff-backup": "copies rdiff-backup",
    "volumes": "archive en plusieurs volumes",
    "gocryptfs": "dossier chiffré gocryptfs",
    "encfs": "dossier chiffré EncFS",
    "cryptomator": "coffre Cryptomator",
    "ecryptfs": "dossier chiffré eCryptfs",
}


def kind_label(kind: str) -> str:
    """« dépôt restic »; the kind itself when it has no better name."""
    return KINDS.get(kind, kind)
