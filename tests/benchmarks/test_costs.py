"""What must hold of speed on any machine: ratios to a floor that was measured in turn with us."""

from __future__ import annotations

from pathlib import Path

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


def test_loading_costs_little_of_a_kernels_start_and_memory(tmp_path: Path):
    hold(loading.measure(tmp_path, kernels=3))


def test_the_preload_keeps_the_interpreter_from_no_cell_for_long(tmp_path: Path):
    hold(warming.measure(tmp_path, kernels=2))


def test_a_request_leaves_about_as_soon_as_its_bytes_could(tmp_path: Path):
    hold(preparing.measure(tmp_path, rounds=7, chats=1))


def test_a_second_question_is_at_a_far_service_in_half_a_round_trip_and_5_ms(tmp_path: Path):
    hold(reaching.measure(tmp_path, rounds=15))


def test_a_long_answer_is_rendered_in_a_few_times_its_parsing(tmp_path: Path):
    hold(rendering.measure(tmp_path, rounds=2))


def test_large_frames_are_attached_faster_than_pandas_writes_them_and_files_sent_once(
    tmp_path: Path,
):
    hold(attaching.measure(tmp_path, rounds=2, rows=50_000))


def test_cells_are_inserted_in_a_few_times_their_writing(tmp_path: Path):
    hold(inserting.measure(tmp_path, rounds=3))


def test_emulated_code_costs_a_few_starts_of_python_and_then_less_than_one(tmp_path: Path):
    hold(emulating.measure(tmp_path, rounds=3))


def test_code_in_the_kernel_costs_about_what_a_function_costs(tmp_path: Path):
    hold(here.measure(tmp_path, rounds=7))
