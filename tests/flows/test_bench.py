"""``make bench`` runs: every part in its small size, in its own house, as its verb does."""

import json
import subprocess
import sys

import pytest

from tests.benchmarks.__main__ import _options
from tests.benchmarks.parts import ALL_PARTS
from tests.own_house import ROOT


@pytest.mark.long  # its house migrates afresh
def test_measures_each_variant_beside_its_baseline(tmp_path):
    target = tmp_path / "bench.json"
    parts = [part for part in ALL_PARTS if part != "rating"]

    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *parts, "--small", "--target", str(target)],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=400,
    )

    assert ended.returncode == 0, ended.stderr[-3000:]
    report = json.loads(target.read_text())
    assert sorted(report["goals"].values()) == [0.3, 0.3, 8, 8, 8, 8, 20, 50, 100]
    assert "ledger posting : django-hordak bulk_create" in report["goals"]
    assert all(report["ratios"][name] > 0 for name in report["goals"])
    assert len(report["per_record"]) == 18


def test_without_a_word_all_parts_are_measured():
    assert _options([]).parts == list(ALL_PARTS)
    assert _options(["posting"]).parts == ["posting"]
