"""A file is there whole or not at all, and nobody else of the machine reads it."""

import contextlib
import os
import stat
from datetime import UTC, datetime, timedelta

from clearinghouse.whole_files import forget_before, whole_file


def test_is_not_there_before_its_end(tmp_path):
    path = tmp_path / "new folder" / "rows.csv"
    with whole_file(path) as target:
        target.write(b"id\n")
        assert not path.exists()

    assert path.read_bytes() == b"id\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_what_was_there_before_and_nothing_else(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"old\n")
    with contextlib.suppress(ZeroDivisionError), whole_file(path) as target:
        target.write(b"new\n")
        raise ZeroDivisionError

    assert path.read_bytes() == b"old\n"
    assert list(tmp_path.iterdir()) == [path]


def test_forgets_what_is_old_alone(tmp_path):
    now = datetime.now(UTC)
    for name, age in (("old", timedelta(days=2)), ("young", timedelta(hours=1))):
        (tmp_path / name).touch()
        written = (now - age).timestamp()
        os.utime(tmp_path / name, (written, written))

    forget_before(tmp_path, now - timedelta(days=1))
    forget_before(tmp_path / "never made", now)

    assert [path.name for path in tmp_path.iterdir()] == ["young"]
