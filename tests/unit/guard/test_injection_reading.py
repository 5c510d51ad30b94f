"""Text is read to words, runs and segments, alike wherever it stands."""

import numpy as np

from genaiops.guard.injection.reading import BLOCK, LONGEST, read, segments


def test_a_word_has_one_hash_wherever_it_stands_and_in_whatever_case() -> None:
    there = read(b"tell me, please").words[2]
    assert read(b"Please").words[0] == there
    assert read("ein schönes PLEASE.".encode()).words[2] == there


def test_sentences_lines_and_long_stretches_are_segments() -> None:
    assert segments(read(b"One here. Two there!\nThree")).tolist() == [0, 2, 4, 5]
    assert segments(read("一つ目です。二つ目です。".encode())).tolist() == [0, 1, 2]
    assert segments(read(b"word " * (2 * LONGEST))).tolist() == [0, LONGEST, 2 * LONGEST]


def test_what_has_no_word_has_no_segment() -> None:
    for raw in (b"", b" \n\n ", b"!!! ...", b"\x00\x01\x02"):
        reading = read(raw)
        assert segments(reading).tolist() == [0]
        assert len(reading.words) == 0


def test_any_bytes_of_a_block_are_read() -> None:
    raw = np.random.default_rng(1).integers(0, 256, BLOCK, dtype=np.uint8).tobytes()
    reading = read(raw)
    assert segments(reading)[-1] == len(reading.words)
    assert np.all(reading.ends > reading.starts)
