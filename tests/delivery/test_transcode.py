"""The pass over the bytes: blocks, line ends, packed files, and records that span lines."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from flis_semantic.delivery import files
from flis_semantic.delivery import transcode as transcode_module
from flis_semantic.delivery.report import Refusal
from flis_semantic.delivery.transcode import transcode

CONTENT = 'a,b\r\nø,1\r\n\r\n"x\r\n\r\ny",2\r\nz,"3""3"\r\næ,4'
EXPECTED = '7,2,ø,1\n7,4,"x\n\ny",2\n7,7,z,"3""3"\n7,8,æ,4\n'


def run(path: Path, data: bytes, accepted: tuple[str, ...] = ("utf-8",)):
    path.write_bytes(data)
    out = io.BytesIO(b"before")
    out.seek(0, io.SEEK_END)
    transcript = transcode(path, 7, ",", accepted, out)
    return out.getvalue().decode().removeprefix("before"), transcript


@pytest.mark.parametrize("block", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("packed", [False, True])
def test_blocks_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int, packed: bool):
    monkeypatch.setattr(files, "_BLOCK", block if not packed else block + 2)
    data = CONTENT.encode("utf-8-sig")
    text, transcript = run(tmp_path / "f.csv", gzip.compress(data) if packed else data)
    assert text == EXPECTED
    assert (transcript.rows, transcript.encoding) == (4, "utf-8")


def test_a_gzip_may_be_several_one_after_the_other(tmp_path: Path):
    data = CONTENT.encode()
    assert run(tmp_path / "f.csv.gz", gzip.compress(data[:20]) + gzip.compress(data[20:]) + b"\0\0")[0] == EXPECTED


def test_windows_1252_starts_again_from_the_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "_BLOCK", 8)
    text, transcript = run(tmp_path / "f.csv", CONTENT.encode("cp1252"), ("utf-8", "windows-1252"))
    assert (text, transcript.encoding) == (EXPECTED, "windows-1252")


def test_a_refused_file_leaves_the_output_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(files, "_BLOCK", 8)
    path = tmp_path / "f.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 10 + b"1")
    out = io.BytesIO(b"before")
    out.seek(0, io.SEEK_END)
    with pytest.raises(Refusal, match=r"its last line \(12\) has no line end and 1 of 2 values"):
        transcode(path, 7, ",", ("utf-8",), out)
    assert out.getvalue() == b"before"


def test_a_carriage_return_inside_a_line_is_no_line_end(tmp_path: Path):
    text, transcript = run(tmp_path / "f.csv", b"a,b\n1,2\r3,4\n5,6\n")
    assert text == "7,3,5,6\n"
    assert [(bad.line, bad.text, bad.reason) for bad in transcript.malformed] == [
        (2, "1,2\r3,4", "a carriage return stands inside the line")
    ]


@pytest.mark.parametrize(
    ("record", "whole"),
    [
        ('"a\nb",c', True),
        ('a,"b\n""c""\nd"', True),
        ('"a\nb","c\nd"', True),
        ('"a\nb""","""c\nd"', True),
        ('"a\nb""",c"d', True),
        ('"a\n","b\n""\n"', True),
        ('"a\nb"c","d"', False),
        ('"a\nb" ,c', False),
        ('"a\nb", "c"', False),
    ],
)
def test_a_record_ends_where_its_quoted_values_do(tmp_path: Path, record: str, whole: bool):
    text, transcript = run(tmp_path / "f.csv", f"a,b\n{record}\n5,6\n".encode())
    after = 3 + record.count("\n")
    assert text == (f"7,2,{record}\n" if whole else "") + f"7,{after},5,6\n"
    told = [(bad.line, bad.text, bad.reason) for bad in transcript.malformed]
    assert told == ([] if whole else [(2, record, "a value goes on after its closing quotation mark")])


def test_a_quoted_value_may_not_span_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transcode_module, "MOST_LINES", 3)
    with pytest.raises(Refusal, match="opened on line 2 is never closed"):
        run(tmp_path / "f.csv", b'a,b\n"x\n1\n2\n3\n4",5\n')


def test_a_line_without_end_is_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transcode_module, "LONGEST_LINE", 10)
    with pytest.raises(Refusal, match="Line 2 is longer than 10 characters"):
        run(tmp_path / "f.csv", b"a,b\n" + b"x" * 20)


def test_a_header_with_a_carriage_return_in_it_is_split_all_the_same():
    assert transcode_module.split_line('"a",b', ",") == ["a", "b"]
    assert transcode_module.split_line("a,b\rc,d", ",") == ["a", "b\rc", "d"]
