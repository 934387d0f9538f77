"""Prove our books without us: plain Python, no database, nothing of this project.

    python3 verify_books.py ledger ledger.txt          every row and the chain of their seals
    python3 verify_books.py file statement.pdf SHA256  that these are the bytes that were handed out

``ledger.txt`` comes from ``manage.py export_ledger``: a line a posting, its sequence, the hash of
its row, the hash of the chain, and the row as it is spelled, divided by tabs. Exit status 1 names
the first line that does not fit.
"""

import hashlib
import sys
from pathlib import Path

FIRST_CHAIN = "0" * 64


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def verify_ledger(lines: list[str]) -> str:
    """What does not fit, in words; "" where everything does."""
    chain = FIRST_CHAIN
    for expected, line in enumerate(lines, start=1):
        parts = line.split("\t", 3)
        if len(parts) != 4:
            return f"line {expected} is not of this format"
        sequence, row_hash, chain_hash, row = parts
        transfer = row.split("|", 1)[0]
        if sequence != str(expected):
            return f"posting {expected} is missing: {sequence} follows {expected - 1}"
        if sha256(row.encode()) != row_hash:
            return f"posting {sequence} ({transfer}) was changed after it was sealed"
        chain = sha256(f"{chain}{row_hash}".encode("ascii"))
        if chain != chain_hash:
            return f"the seal of posting {sequence} ({transfer}) does not follow from the last"
    return ""


def main(arguments: list[str]) -> int:
    if len(arguments) == 2 and arguments[0] == "ledger":
        # Not splitlines(): a reason may hold other characters that end lines.
        lines = Path(arguments[1]).read_bytes().decode().removesuffix("\n").split("\n")
        problem = verify_ledger(lines)
        told = f"{len(lines)} postings fit each other and their chain"
    elif len(arguments) == 3 and arguments[0] == "file":
        found = sha256(Path(arguments[1]).read_bytes())
        problem = "" if found == arguments[2].lower() else f"{arguments[1]} has {found}"
        told = f"{arguments[1]} is what was handed out"
    else:
        sys.stderr.write(__doc__ or "")
        return 2
    if problem:
        sys.stderr.write(f"NOT VALID: {problem}\n")
        return 1
    sys.stdout.write(f"{told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
