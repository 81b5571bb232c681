"""Pairs of dates, as people write them and in ISO 8601, made up from a seed: a task of translation."""

from __future__ import annotations

import datetime
import string
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .characters import Characters

FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)
DAYS = (LAST - FIRST).days + 1
HELD_BACK = 0.1  # of the days
SPECIAL = ("<pad>", "<bos>", "<eos>")

ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen".split()
ONES += "eighteen nineteen".split()
TENS = ["", "", *"twenty thirty forty fifty sixty seventy eighty ninety".split()]
ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
ORDINALS |= {"twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth"}

# Not strftime's, which follow the locale.
MONTHS = "January February March April May June July August September October November December".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

FORMS: list[Callable[[datetime.date], str]] = [
    lambda d: f"{d.day} {month(d)} {d.year}",
    lambda d: f"{month(d)} {d.day}, {d.year}",
    lambda d: f"{month(d)} {ordinal(d.day)}, {d.year}",
    lambda d: f"{ordinal(d.day)} of {month(d)} {d.year}",
    lambda d: f"{weekday(d)[:3]}, {d.day} {month(d)[:3]} {d.year}",
    lambda d: f"{weekday(d)}, {month(d)} {d.day}, {d.year}",
    lambda d: f"{weekday(d)} {ordinal(d.day)} {month(d)} {d.year}",
    lambda d: f"{d.year}, {month(d)} {d.day}",
    lambda d: f"{d.day}.{d.month}.{d.year}",
    lambda d: f"the {ordinal_word(d.day)} of {month(d)} {d.year}",
    lambda d: f"the {ordinal_word(d.day)} of {month(d)}, {year_words(d.year)}",
    lambda d: f"{month(d)} the {ordinal_word(d.day)}, {year_words(d.year)}",
]


class Pairs(NamedTuple):
    written: list[str]
    iso: list[str]


def make_pairs(count: int, seed: int, held_back: bool = False) -> Pairs:
    """Random days in random forms, upper and lower case. The days of held_back pairs are in no others of this seed."""
    days = np.random.default_rng((seed, 0)).permutation(DAYS)
    cut = round(DAYS * HELD_BACK)
    days = days[:cut] if held_back else days[cut:]
    rng = np.random.default_rng((seed, 1 + held_back))
    dates = [FIRST + datetime.timedelta(int(days[i])) for i in rng.integers(0, len(days), count)]
    cases: list[Callable[[str], str]] = [str, str, str.lower, str.upper]
    written = [
        cases[case](FORMS[form](date))
        for date, form, case in zip(
            dates, rng.integers(0, len(FORMS), count), rng.integers(0, len(cases), count), strict=True
        )
    ]
    return Pairs(written, [date.isoformat() for date in dates])


def vocabulary() -> Characters:
    """Of both sides: printable ASCII, a filler, a start and an end."""
    return Characters(string.digits + string.ascii_letters + string.punctuation + " ", SPECIAL)


def month(date: datetime.date) -> str:
    return MONTHS[date.month - 1]


def weekday(date: datetime.date) -> str:
    return WEEKDAYS[date.weekday()]


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    last = 0 if 10 < number % 100 < 14 else number % 10
    return f"{number}{['th', 'st', 'nd', 'rd'][last] if last < 4 else 'th'}"


def words(number: int) -> str:
    """Below 100."""
    if number < 20:
        return ONES[number]
    return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")


def ordinal_word(number: int) -> str:
    """first, second, ..., twenty-first."""
    before, hyphen, last = words(number).rpartition("-")
    return before + hyphen + ORDINALS.get(last, last + "th")


def year_words(year: int) -> str:
    """nineteen eighty-seven, nineteen oh five, two thousand and five, twenty ten."""
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" and {words(rest)}" if rest else "")
    if rest == 0:
        return f"{words(century)} hundred"
    return f"{words(century)} {'oh ' if rest < 10 else ''}{words(rest)}"
