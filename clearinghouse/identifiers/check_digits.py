"""The two check digits of contract ids: eMI3 (= ISO 15118-2 H.1.3) and DIN SPEC 91286.

Both take the compact upper-case id without its check digit. They compute only; whether a party
may exist or an id is complete is the readers' business.
"""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
EMI3_BODY_LENGTH = 14
DIN_BODY_LENGTH = 11

Matrix = tuple[tuple[int, int], tuple[int, int]]

# A letter's value is split into a pair over Z2 and a pair over Z3, and each pair is multiplied by
# its matrix as often as its position says (row vector times matrix).
_P1: Matrix = ((0, 1), (1, 1))
_P2: Matrix = ((0, 1), (1, 2))

# Four sums of at most 14 * 2 = 28 fit into one integer, eight bits each: one addition a letter.
_LANE_BITS = 8
_LANE = (1 << _LANE_BITS) - 1


def emi3_check_digit(body: str) -> str:
    """Return the check character of the 14 characters country, provider and instance.

    Finds every single substitution, swap of neighbors, twin error, jump swap and jump twin error.

    :raises ValueError: the body is not 14 characters of 0-9 and A-Z.
    """
    _check_body(body, length=EMI3_BODY_LENGTH)
    sums = sum(_EMI3_TERMS[position][letter] for position, letter in enumerate(body))
    t1, t2, u1, u2 = ((sums >> (lane * _LANE_BITS)) & _LANE for lane in range(4))
    # Position 15 closes both equations: P1^15 is the identity and P2^15 is [[1, 1], [1, 0]].
    r1 = -u2 % 3
    r2 = -(u1 + r1) % 3
    return ALPHABET[9 * (2 * (t1 % 2) + t2 % 2) + 3 * r1 + r2]


def din_check_digit(body: str) -> str:
    """Return the check digit (0-9 or X) of the 11 characters country, provider and instance.

    Letters count as two digits, A = 10 to Z = 35; digit k weighs 2^k; the sum is taken modulo 11.
    Weaker than eMI3: it misses some errors where a letter moves the digits behind it.

    :raises ValueError: the body is not 11 characters of 0-9 and A-Z.
    """
    _check_body(body, length=DIN_BODY_LENGTH)
    digits = "".join(str(ALPHABET.index(letter)) for letter in body)
    remainder = sum(int(digit) << place for place, digit in enumerate(digits)) % 11
    return "X" if remainder == 10 else str(remainder)


def _check_body(body: str, *, length: int) -> None:
    if len(body) != length or not all(letter in ALPHABET for letter in body):
        raise ValueError(
            f"A check digit is computed over {length} characters of 0-9 and A-Z, "
            f"upper case and without separators; got {len(body)} characters."
        )


def _emi3_terms() -> list[dict[str, int]]:
    """Tabulate what each letter adds at each of the 14 positions, its four lanes packed."""
    terms = []
    power_1, power_2 = _P1, _P2
    for _position in range(EMI3_BODY_LENGTH):
        terms.append(
            {letter: _packed(value, power_1, power_2) for value, letter in enumerate(ALPHABET)}
        )
        power_1, power_2 = _product(power_1, _P1, 2), _product(power_2, _P2, 3)
    return terms


def _packed(value: int, power_1: Matrix, power_2: Matrix) -> int:
    quotient, remainder = divmod(value, 9)
    lanes = (
        *_row_times(divmod(quotient, 2), power_1, 2),
        *_row_times(divmod(remainder, 3), power_2, 3),
    )
    return sum(lane << (number * _LANE_BITS) for number, lane in enumerate(lanes))


def _row_times(row: tuple[int, int], matrix: Matrix, modulus: int) -> tuple[int, int]:
    return (
        (row[0] * matrix[0][0] + row[1] * matrix[1][0]) % modulus,
        (row[0] * matrix[0][1] + row[1] * matrix[1][1]) % modulus,
    )


def _product(left: Matrix, right: Matrix, modulus: int) -> Matrix:
    return _row_times(left[0], right, modulus), _row_times(left[1], right, modulus)


_EMI3_TERMS = _emi3_terms()
