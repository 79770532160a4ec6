"""What must hold of speed on any machine: ratios to a floor that was measured in turn with us."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from . import (
    attaching,
    emulating,
    here,
    inserting,
    loading,
    preparing,
    reaching,
    rendering,
    warming,
)
from .measuring import hold

pytestmark = pytest.mark.timeout(600)


def fresh(folder: Path) -> Path:
    """A new folder in ``folder``: what does not hold at once is measured again."""
    made = folder / secrets.token_hex(4)
    made.mkdir()
    return made


def test_loading_costs_little_of_a_kernels_start_and_memory(tmp_path: Path):
    hold(lambda: loading.measure(fresh(tmp_path), kernels=3))


def test_the_preload_keeps_the_interpreter_from_no_cell_for_long(tmp_path: Path):
    hold(lambda: warming.measure(fresh(tmp_path), kernels=2))


def test_a_request_leaves_about_as_soon_as_its_bytes_could(tmp_path: Path):
    hold(lambda: preparing.measure(fresh(tmp_path), rounds=7, chats=1))


def test_a_second_question_is_at_a_far_service_in_half_a_round_trip_and_5_ms(tmp_path: Path):
    hold(lambda: reaching.measure(fresh(tmp_path), rounds=15))


def test_a_long_answer_is_rendered_in_a_few_times_its_parsing(tmp_path: Path):
    hold(lambda: rendering.measure(fresh(tmp_path), rounds=2))


def test_large_frames_are_attached_faster_than_pandas_writes_them_and_files_sent_once(
    tmp_path: Path,
):
    hold(lambda: attaching.measure(fresh(tmp_path), rounds=2, rows=50_000))


def test_cells_are_inserted_in_a_few_times_their_writing(tmp_path: Path):
    hold(lambda: inserting.measure(fresh(tmp_path), rounds=3))


def test_emulated_code_costs_a_few_starts_of_python_and_then_less_than_one(tmp_path: Path):
    hold(lambda: emulating.measure(fresh(tmp_path), rounds=3))


def test_code_in_the_kernel_costs_about_what_a_function_costs(tmp_path: Path):
    hold(lambda: here.measure(fresh(tmp_path), rounds=7))
