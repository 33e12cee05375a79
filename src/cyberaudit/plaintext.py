"""What the network or a file said, made safe to show: one line, no control or direction characters."""

import unicodedata

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean(text: str | bytes, *, limit: int = 200) -> str:
    """One printable line of at most `limit` characters.

    Bytes are read as UTF-8, what is not UTF-8 shows as U+FFFD. Control, format (bidirectional overrides,
    zero-width), surrogate and unassigned characters become a space; runs of spaces become one. A longer
    text ends with « … ».
    """
    if isinstance(text, bytes):
        text = text[: limit * 8].decode("utf-8", "replace")
    kept = text[: limit * 8]
    # What is printable holds none of the unsafe: most of what is shown, at a tenth of the time.
    if not kept.replace("\u00a0", " ").isprintable():
        kept = "".join(" " if unicodedata.category(char) in _UNSAFE else char for char in kept)
    line = " ".join(part for part in kept.split(" ") if part)
    return line if len(line) <= limit else line[: limit - 1] + "…"
