import logging
from pathlib import Path

import numpy as np
import pytest

from index.embedder import Vectors
from index.vector_cache import encode_cached
from tests.encoders import DIMENSION, FakeEncoder

TEXTS = ["文件不超过10页", "少开会", "减少50%以上", "少开会"]


def vectors_of(encoder: FakeEncoder, texts: list[str], path: Path) -> Vectors:
    return encode_cached(encoder, texts, path, lambda done: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "vectors.npz"


def test_vectors_follow_the_texts_and_repeats_are_encoded_once(path: Path) -> None:
    encoder = FakeEncoder()
    vectors = vectors_of(encoder, TEXTS, path)
    assert encoder.encoded == 3
    np.testing.assert_array_equal(vectors, FakeEncoder().encode(TEXTS))
    assert vectors.dtype == np.float32


def test_the_second_call_encodes_nothing(path: Path) -> None:
    first = vectors_of(FakeEncoder(), TEXTS, path)
    encoder = FakeEncoder()
    np.testing.assert_array_equal(vectors_of(encoder, TEXTS, path), first)
    np.testing.assert_array_equal(vectors_of(encoder, TEXTS[::-1], path), first[::-1])
    assert encoder.encoded == 0


def test_one_changed_text_is_one_text_to_encode(path: Path) -> None:
    vectors_of(FakeEncoder(), TEXTS, path)
    encoder = FakeEncoder()
    changed = ["文件不超过5页", *TEXTS[1:]]
    np.testing.assert_array_equal(vectors_of(encoder, changed, path), FakeEncoder().encode(changed))
    assert encoder.encoded == 1
    assert vectors_of(encoder, changed, path).shape == (4, DIMENSION)
    assert encoder.encoded == 1


def test_another_encoder_shares_nothing(path: Path) -> None:
    vectors_of(FakeEncoder("fake-1"), TEXTS, path)
    other = FakeEncoder("fake-2")
    vectors_of(other, TEXTS, path)
    assert other.encoded == 3


def test_texts_no_longer_used_leave_the_file(path: Path) -> None:
    vectors_of(FakeEncoder(), TEXTS, path)
    vectors_of(FakeEncoder(), ["另一条"], path)
    with np.load(path, allow_pickle=False) as stored:
        assert stored["vectors"].shape == (1, DIMENSION)
    assert [entry.name for entry in path.parent.iterdir()] == ["vectors.npz"]


@pytest.mark.fault(2)
def test_truncated_anywhere_it_is_ignored(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    expected = vectors_of(FakeEncoder(), TEXTS, path)
    content = path.read_bytes()
    for length in (0, 1, 4, 30, 200, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        encoder = FakeEncoder()
        np.testing.assert_array_equal(vectors_of(encoder, TEXTS, path), expected)
        assert encoder.encoded == 3, length
    assert caplog.text.count("not used") == 7


def test_a_flipped_bit_anywhere_never_changes_a_vector(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    expected = vectors_of(FakeEncoder(), TEXTS, path)
    content = path.read_bytes()
    for position in range(0, len(content), 13):
        damaged = bytearray(content)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        vectors = vectors_of(FakeEncoder(), TEXTS, path)
        np.testing.assert_array_equal(vectors, expected, err_msg=str(position))


@pytest.mark.parametrize("content", [b"not a zip", b"PK\x03\x04" * 20, b"\x93NUMPY\x01\x00", b"\x80\x04K\x01."])
def test_a_foreign_file_is_ignored(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    encoder = FakeEncoder()
    np.testing.assert_array_equal(vectors_of(encoder, TEXTS, path), FakeEncoder().encode(TEXTS))
    assert encoder.encoded == 3


def test_without_the_fields_it_is_ignored(path: Path) -> None:
    path.parent.mkdir()
    np.savez(path, keys=np.array(["a"]))
    encoder = FakeEncoder()
    vectors_of(encoder, TEXTS, path)
    assert encoder.encoded == 3


def test_what_cannot_be_written_works_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    vectors = vectors_of(FakeEncoder(), TEXTS, tmp_path / "file" / "vectors.npz")
    np.testing.assert_array_equal(vectors, FakeEncoder().encode(TEXTS))
    assert "cannot be written" in caplog.text


def test_a_folder_in_its_place_works_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "vectors.npz").mkdir()
    vectors = vectors_of(FakeEncoder(), TEXTS, tmp_path / "vectors.npz")
    np.testing.assert_array_equal(vectors, FakeEncoder().encode(TEXTS))
    assert [entry.name for entry in tmp_path.iterdir()] == ["vectors.npz"]
