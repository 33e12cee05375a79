"""One table of an SQLite database that was copied into memory: nothing of it but that table is ever asked."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

# Ours: the databases that tools leave beside their copies hold some thousand lines.
DATABASE_BYTES = 32 * 1024 * 1024
# SQLite, « Database File Format » §1.3: versions 2 at 18 and 19 ask for a log that a copy in memory has not.
MAGIC, VERSIONS_AT, ROLLBACK = b"SQLite format 3\0", 18, b"\x01\x01"
# The same: size of a page at 16 (1 stands for 65536), their number at 28.
HEADER_BYTES = 100
# Ours: one field; steps of SQLite's machine between two looks, and looks before it is stopped: some two seconds.
FIELD_BYTES, STEPS, LOOKS = 1024 * 1024, 10_000, 2000

Value = int | float | str | bytes | None


class NotReadable(ValueError):
    """Not such a database, a damaged one, or one without that table."""


def rows(data: bytes, table: str, columns: tuple[str, ...], *, most: int) -> list[tuple[Value, ...]]:
    """The first `most` lines of a real table, a column that it has not as None.

    Raises:
        NotReadable: there is nothing to read.
    """
    _check_size(data)
    import sqlite3

    if data[VERSIONS_AT : VERSIONS_AT + 2] != ROLLBACK:
        data = data[:VERSIONS_AT] + ROLLBACK + data[VERSIONS_AT + 2 :]
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(data)
        _restrain(connection)
        return _select(connection, table, columns, most)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as trouble:
        raise NotReadable(f"base SQLite abîmée ({trouble})") from trouble
    finally:
        connection.close()


def _check_size(data: bytes) -> None:
    if len(data) < HEADER_BYTES or not data.startswith(MAGIC):
        raise NotReadable("ce n'est pas une base SQLite")
    if len(data) > DATABASE_BYTES:
        raise NotReadable(f"base de plus de {DATABASE_BYTES} octets")
    page = int.from_bytes(data[16:18], "big")
    pages = int.from_bytes(data[28:32], "big")
    if len(data) < (65_536 if page == 1 else page) * pages:
        raise NotReadable(f"base coupée : {len(data)} octets pour {pages} pages")


def _restrain(connection: "sqlite3.Connection") -> None:
    """No function, no view, no trigger of the database is run, and nothing lasts."""
    import sqlite3

    left = LOOKS

    def stop() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    def allowed(action: int, *_: str | None) -> int:
        asked = action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ)
        return sqlite3.SQLITE_OK if asked else sqlite3.SQLITE_DENY

    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, FIELD_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    connection.set_progress_handler(stop, STEPS)
    connection.set_authorizer(allowed)


def _select(
    connection: "sqlite3.Connection", table: str, columns: tuple[str, ...], most: int
) -> list[tuple[Value, ...]]:
    created = [
        sql
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master")
        if kind == "table" and name == table
    ]
    if len(created) != 1 or not str(created[0]).upper().startswith("CREATE TABLE"):
        raise NotReadable(f"pas de table {table}")
    every = connection.execute(f"SELECT * FROM [{table}] LIMIT 0")  # noqa: S608 — our names
    known = {each[0] for each in every.description}
    asked = ", ".join(f"[{column}]" if column in known else "NULL" for column in columns)
    return connection.execute(f"SELECT {asked} FROM [{table}] LIMIT {most:d}").fetchall()  # noqa: S608 — our names
