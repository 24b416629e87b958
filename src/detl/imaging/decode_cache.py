"""What image files held when they were last decoded: a memory between runs."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import PIL

from detl.errors import DetlError
from detl.imaging.grey import ImageRejected, NotReadNow
from detl.imaging.read import Picture, PixelFormat

_LIBRARIES = ("pydicom", "imagecodecs")
"""Packages that decide pixels too. Only their version is asked, without an import."""

_TABLES = """
CREATE TABLE decoded_with (what TEXT);
CREATE TABLE files (
    path BLOB UNIQUE, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER,
    inode INTEGER, reason TEXT, width INTEGER, height INTEGER, sha256 TEXT,
    perceptual_hash TEXT, fingerprint TEXT, pixels BLOB
);
CREATE TABLE compared (sha256 TEXT);
CREATE TABLE copies (first TEXT, second TEXT, bits INTEGER, correlation REAL);
"""
_FILES_AT_ONCE = 1000  # decoding waits for the disk each time
_WAIT = 60  # seconds, for another run


class DecodedFiles:
    """A memory of decoded files and compared images, open for one run.

    A file is known while its path, size, times of change and inode are the same: the
    last two tell files apart that took each other's names, or were copied with their
    times. Everything is forgotten when the pixel format, this project's code for images
    or one of its libraries changes. A file that could not be read is not remembered,
    since it may be readable next time.
    """

    def __init__(self, connection: sqlite3.Connection, size: int) -> None:
        """Take what ``open_decoded_files`` has opened.

        Args:
            connection: To the SQLite file.
            size: Height and width of the pixels.
        """
        self._connection = connection
        self._size = size
        self._asked: set[bytes] = set()
        self._stamps: dict[bytes, tuple[int, ...]] = {}
        self._begin()

    def _begin(self) -> None:
        # Otherwise SQLite would begin and end a transaction for each question.
        self._connection.execute("BEGIN")
        self._uncommitted = 0

    def recall(self, path: Path) -> Picture | ImageRejected | None:
        """Return what the file held, or None where it is not known as it is now."""
        name = _name(path)
        self._asked.add(name)
        try:
            status = os.stat(path)
        except OSError:
            return None
        stamp = (
            *(status.st_size, status.st_mtime_ns),
            *(status.st_ctime_ns, status.st_ino),
        )
        row = self._connection.execute(
            "SELECT size, mtime_ns, ctime_ns, inode, reason, width, height, sha256, "
            "perceptual_hash, fingerprint, pixels FROM files WHERE path = ?",
            (name,),
        ).fetchone()
        if row is None or row[:4] != stamp:
            # Taken before the file is read: if it changes meanwhile, it is read again.
            # It may be asked for again before it was read, and have changed.
            self._stamps.setdefault(name, stamp)
            return None
        reason, width, height, *hashes, pixels = row[4:]
        if reason:
            return ImageRejected(reason)
        square = np.frombuffer(pixels, np.uint8).reshape(self._size, self._size)
        return Picture(square, width, height, *hashes)

    def remember(self, path: Path, found: Picture | ImageRejected) -> None:
        """Store the content of a file that `recall` did not find."""
        if not self._stamps:
            # All are known: not even the name has to be found out.
            return
        name = _name(path)
        stamp = self._stamps.pop(name, None)
        if stamp is None or isinstance(found, NotReadNow):
            return
        values = (
            (str(found), 0, 0, "", "", "", b"")
            if isinstance(found, ImageRejected)
            else (
                *("", found.width, found.height, found.sha256),
                *(found.perceptual_hash, found.fingerprint, found.pixels.tobytes()),
            )
        )
        self._connection.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (name, *stamp, *values),
        )
        self._uncommitted += 1
        if self._uncommitted >= _FILES_AT_ONCE:
            self._connection.commit()
            self._begin()

    def forget_others(self) -> None:
        """Forget all files that were not asked for; their room is used again."""
        known = self._connection.execute("SELECT path FROM files")
        gone = [name for name in known if name[0] not in self._asked]
        self._connection.executemany("DELETE FROM files WHERE path = ?", gone)

    def recall_copies(self, images: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
        """Return the known pairs among the images, and which images are new.

        Args:
            images: Of each the ``sha256`` of its file, no two the same.

        Returns:
            Pairs as ``detl.imaging.copies.find_copies`` returns them, in any order; and
            whether each image is one that was not compared with the others yet.
        """
        query = self._connection.execute
        names = images["sha256"].tolist()
        position = {sha256: place for place, sha256 in enumerate(names)}
        # The order of the images, and so which is the first, may be another one.
        pairs = [
            (*sorted([position[first], position[second]]), bits, correlation)
            for first, second, bits, correlation in query("SELECT * FROM copies")
            if first in position and second in position
        ]
        types = {"first": int, "second": int, "bits": int, "correlation": float}
        table = pd.DataFrame(pairs, columns=list(types)).astype(types)
        compared = {sha256 for (sha256,) in query("SELECT sha256 FROM compared")}
        return table, np.array([sha256 not in compared for sha256 in names], bool)

    def remember_copies(self, images: pd.DataFrame, pairs: pd.DataFrame) -> None:
        """Remember that these images were compared, in place of those before.

        Args:
            images: As ``recall_copies`` takes them.
            pairs: All pairs among them, as ``find_copies`` returns them.
        """
        names = images["sha256"].to_numpy()
        query = self._connection
        # In this order what is there is true, wherever the run is stopped.
        query.execute("DELETE FROM compared")
        query.execute("DELETE FROM copies")
        query.executemany(
            "INSERT INTO copies VALUES (?, ?, ?, ?)",
            zip(
                names[pairs["first"]],
                names[pairs["second"]],
                pairs["bits"].tolist(),
                pairs["correlation"].tolist(),
                strict=True,
            ),
        )
        query.executemany("INSERT INTO compared VALUES (?)", ((n,) for n in names))


@contextmanager
def open_decoded_files(
    file: Path | None, pixel_format: PixelFormat
) -> Iterator[DecodedFiles | None]:
    """Yield the memory in a file, which is made if there is none.

    What was remembered before an error, or before the process was killed, is kept. One
    run uses it at a time, and others wait a minute for it: two runs may want different
    pixel formats, and the memory holds one.

    Args:
        file: The SQLite file; None to remember nothing.
        pixel_format: What the files become.

    Raises:
        DetlError: The file cannot be used.
    """
    if file is None:
        yield None
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(file, timeout=_WAIT)) as connection:
            # The lock of the next transaction is held until the connection is closed.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.commit()
            _require_decoded_with(connection, _describe(pixel_format))
            try:
                yield DecodedFiles(connection, pixel_format.size)
            finally:
                connection.commit()
    except sqlite3.Error as error:
        raise DetlError(
            f"The memory of decoded files, {file}, cannot be used ({error}): wait for "
            "another run that uses it, free some room on its disk, or delete it; all "
            "files are then decoded again."
        ) from error


def _require_decoded_with(connection: sqlite3.Connection, what: str) -> None:
    """Empty the memory unless it was made in this way."""
    tables: Sequence[tuple[str]] = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    ).fetchall()
    is_made = ("decoded_with",) in tables
    if is_made and connection.execute("SELECT what FROM decoded_with").fetchall() == [
        (what,)
    ]:
        return
    # Pixels are read a third faster from larger pages than those of 4 KB. Only an empty
    # file, and VACUUM, take their size from this.
    connection.execute("PRAGMA page_size = 8192")
    with connection:
        drops = "".join(f"DROP TABLE {name};" for (name,) in tables)
        connection.executescript(f"BEGIN; {drops} {_TABLES}")
        connection.execute("INSERT INTO decoded_with VALUES (?)", (what,))
    if tables:
        connection.execute("VACUUM")


def _describe(pixel_format: PixelFormat) -> str:
    """Return everything but the file that decides what is found in it."""
    digest = hashlib.sha256()
    # The whole folder: whatever decides pixels is in it.
    for module in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(module.read_bytes())
    libraries = (
        f"NumPy {np.__version__}, OpenCV {cv2.__version__}, Pillow {PIL.__version__}, "
        + ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    )
    return f"{pixel_format}, {libraries}, code {digest.hexdigest()}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _name(path: Path) -> bytes:
    # As bytes, since names of files need not be text.
    return os.fsencode(os.path.abspath(path))
