"""Single files: archives, encrypted files, disks, dumps."""
