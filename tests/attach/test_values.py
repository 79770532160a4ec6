"""What each kind of value becomes."""

from __future__ import annotations

import io
import json
import pathlib
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from PIL import Image as Pillow

from gemini_magic.attach.item import Item
from gemini_magic.attach.resolve import gather, gather_values
from gemini_magic.errors import OptionError
from gemini_magic.turn.parts import File, Image

pytestmark = pytest.mark.usefixtures("in_a_cell")

mpl.use("agg")


def attach(value: Any) -> Item:
    (item,) = gather(["x"], {"x": value}, 10_000_000)
    return item


def pixels(item: Item) -> Any:
    assert item.mime_type == "image/png"
    return Pillow.open(io.BytesIO(item.data))


def test_a_figure_and_its_axes_are_pictures():
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 3), dpi=100)
    axes = figure.add_subplot()
    axes.plot([1, 2, 3])
    assert pixels(attach(figure)).size == (400, 300)
    assert attach(axes).name == "x.png"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "F", "I", "YCbCr", "LA"])
def test_a_pillow_image_of_any_mode_is_a_png(mode: str):
    assert pixels(attach(Pillow.new(mode, (7, 5)))).size == (7, 5)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 4)])
def test_an_array_of_bytes_in_an_images_shape_is_a_picture(shape: tuple[int, ...]):
    array = np.random.default_rng(1).integers(0, 255, shape, dtype="uint8")
    np.testing.assert_array_equal(np.asarray(pixels(attach(array))), array.squeeze())


def test_other_arrays_are_tables():
    assert attach(np.arange(6).reshape(2, 3)).mime_type == "text/csv"
    assert attach(np.zeros(4, dtype="uint8")).mime_type == "text/csv"


def test_a_plotly_figure_is_drawn_or_says_what_it_needs(monkeypatch: pytest.MonkeyPatch):
    go = pytest.importorskip("plotly.graph_objects")
    figure = go.Figure()
    picture = io.BytesIO()
    Pillow.new("RGB", (3, 3)).save(picture, "PNG")
    with monkeypatch.context() as patched:
        patched.setattr(type(figure), "to_image", lambda self, format: picture.getvalue())
        assert pixels(attach(figure)).size == (3, 3)

    def fails(self: Any, format: str) -> bytes:
        raise ValueError("Image export requires the Kaleido package")

    monkeypatch.setattr(type(figure), "to_image", fails)
    with pytest.raises(OptionError, match="cannot be drawn here") as refused:
        attach(figure)
    assert "kaleido" in refused.value.hint


def test_what_draws_itself_is_a_picture():
    class Drawing:
        def _repr_png_(self) -> bytes:
            return b"\x89PNG\r\n\x1a\n"

    assert attach(Drawing()).mime_type == "image/png"
    assert attach(Image("image/jpeg", b"\xff\xd8\xff")).mime_type == "image/jpeg"
    assert attach(File("text/csv", None, b"a,b\n")).data == b"a,b\n"


def test_text_bytes_and_json():
    assert attach("wörds") == Item("x.txt", "text/plain", "wörds".encode())
    assert attach(b"plain") == Item("x.txt", "text/plain", b"plain")
    assert attach(b"%PDF-1.7 ...").mime_type == "application/pdf"
    nested = {"when": pd.Timestamp("2024-05-01"), "n": np.int64(3), "a": np.array([1]), "s": {2}}
    item = attach(nested)
    assert (item.name, item.mime_type) == ("x.json", "application/json")
    assert json.loads(item.data) == {"when": "2024-05-01T00:00:00", "n": 3, "a": [1], "s": [2]}
    assert json.loads(attach([1, "zwei"]).data) == [1, "zwei"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "is empty"),
        (b"", "is empty"),
        (b"\x00\x01\x02", "binary data"),
        (b"\xe4\xf6", "binary data"),
        ({"x": float("nan")}, "JSON"),
        ([pd.DataFrame({"a": [1]})], "it holds a DataFrame"),
        (object(), "cannot be attached"),
        (42, "cannot be attached"),
        (print, "cannot be attached"),
        (Pillow.new("RGB", (0, 0)), "is empty"),
    ],
)
def test_what_cannot_be_sent_is_refused(value: Any, said: str):
    with pytest.raises(OptionError) as refused:
        attach(value)
    assert said in str(refused.value)


class Unwritable:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    def _repr_png_(self) -> bytes:
        raise ValueError("no picture")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (pd.DataFrame({"a": pd.Series([Unwritable()], dtype=object)}), "RuntimeError: no text"),
        (Unwritable(), "ValueError: no picture"),
        (Pillow.new("La", (3, 3)), "writing the Image raised ValueError"),
    ],
)
def test_what_fails_while_it_is_written_is_told_in_our_words(value: Any, said: str):
    with pytest.raises(OptionError) as refused:
        attach(value)
    assert said in refused.value.what
    assert refused.value.hint


def test_a_picture_of_a_kind_gemini_does_not_take_is_no_picture():
    assert attach(Image("image/svg+xml", b"<svg/>")).mime_type == "text/plain"
    with pytest.raises(OptionError, match="binary data"):
        attach(Image("image/gif", b"GIF89a\0"))


def test_nothing_of_the_model_is_evaluated_and_missing_names_are():
    with pytest.raises(OptionError, match="neither a value nor a file"):
        gather(["__import__"], {}, 100)
    with pytest.raises(OptionError, match="'df' is not defined"):
        gather(["df.head()"], {"dg": 1}, 100)


def test_python_takes_values_names_and_paths(tmp_path: pathlib.Path):
    path = tmp_path / "notes.md"
    path.write_text("# Notes")
    assert [one.name for one in gather_values(path, 100)] == ["notes.md"]
    assert [one.name for one in gather_values([str(path), {"a": 1}], 100)] == [
        "notes.md",
        "dict.json",
    ]
    (named,) = gather_values({"../up.txt": "some text"}, 100)
    assert named == Item("up.txt", "text/plain", b"some text")
    assert gather_values([], 100) == ()
    with pytest.raises(OptionError, match="no file 'some text'"):
        gather_values("some text", 100)


def test_all_together_have_one_limit():
    with pytest.raises(OptionError, match=r"What is attached \(a.txt, b.txt\)"):
        gather(["a", "b"], {"a": "x" * 60, "b": "y" * 60}, 100)
    assert len(gather(["a", "b"], {"a": "x" * 60, "b": "x" * 60}, 100)) == 1


def test_an_address_is_handed_on_without_its_secret(tmp_path: pathlib.Path):
    (item,) = gather(["https://host/data/table.csv?sig=SECRET"], {}, 100)
    assert (item.name, item.mime_type, item.data) == ("table.csv", "text/csv", b"")
    assert "SECRET" not in str(item.record.to_dict())
    assert gather(["gs://bucket/clip.mp4"], {}, 100)[0].uri == "gs://bucket/clip.mp4"
    for word in (
        "gs://bucket/thing",
        "gs://bucket/x.parquet",
        "gs://bucket/*.csv",
        "gs://",
        "https://host/x.csv.gz",
        "https://host/x.xlsm",
        "https://[host/x.csv",
        "https://me:SECRET@host/x.csv",
        "ftp://host/x.csv",
        "http://host/x.csv",
    ):
        with pytest.raises(OptionError) as refused:
            gather([word], {}, 100)
        assert "SECRET" not in str(refused.value)
    assert gather(["gs://bucket/notes.rst"], {}, 100)[0].mime_type == "text/plain"
