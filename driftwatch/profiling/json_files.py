"""JSON lines, and JSON documents that are a list of records, or columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from driftwatch.core.data.batch import BATCH_ROWS, Batch, table_of
from driftwatch.core.data.exact_integers import EXACT_INTEGERS
from driftwatch.core.data.json_text import NotJSONError, json_value, without_mark
from driftwatch.core.data.labelled_columns import has_row_numbers, without_labels
from driftwatch.errors import DataError
from driftwatch.profiling.opened import BLOCK, LONGEST_LINE, Source, opened, pieces

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["is_document", "read_json"]

_LONG_INTEGER = re.compile(rb"[:\[,]\s*-?\d{16,20}\s*[,\]}]")


def read_json(path: Source, /) -> Iterator[Batch]:
    """Rows of a file with one record a line, or of one document, as it begins.

    A document is an array of objects, one a row, or one object, which is a row, or columns if all
    its values are arrays of one length.

    Raises:
        DataError: If it is neither.
    """
    raw, plain = opened(path)
    with raw, plain:
        start = plain.read(BLOCK)
        if _begins_document(start):
            yield from _document(path, start, plain, raw)
        else:
            yield from _lines(path, start, plain, raw)


def is_document(path: Source, /) -> bool:
    """Whether a file is one document of JSON, and not one record a line.

    Raises:
        OSError: If it cannot be opened.
    """
    raw, plain = opened(path)
    with raw, plain:
        return _begins_document(plain.read(BLOCK))


def _begins_document(start: bytes) -> bool:
    """Whether a file begins with an array, or with an object that is not over in its line."""
    start = without_mark(start).lstrip()
    if start.startswith(b"["):
        return True
    line, _, rest = start.partition(b"\n")
    if not line.startswith(b"{"):
        return False
    try:
        value = json_value(line)
    except NotJSONError:
        return bool(rest.strip()) and not rest.lstrip().startswith(b"{")
    return not rest.strip() and _are_columns(value)


def _document(path: Source, start: bytes, plain: Any, raw: Any) -> Iterator[Batch]:
    whole = start
    while block := plain.read(BLOCK):
        whole += block
        if len(whole) > LONGEST_LINE:
            raise DataError(
                f"{path}: a JSON document of more than {LONGEST_LINE:,} bytes; write one record a "
                "line (JSON lines)",
                code="DW016",
            )
    try:
        value = json_value(whole)
    except NotJSONError as error:
        raise DataError(f"{path}: not JSON: {error}{_hint(whole)}", code="DW016") from None
    if isinstance(value, dict) and not _are_columns(value):
        value = [value]
    elif isinstance(value, dict) and has_row_numbers(value):
        value = without_labels(value)
    if isinstance(value, list) and not all(isinstance(record, dict) for record in value):
        raise DataError(f"{path}: an array of records must hold objects, one a row", code="DW016")
    size = raw.tell()
    yield Batch(0, {})
    for batch in table_of(value).combine_chunks().to_batches():
        for piece in pieces(batch, BATCH_ROWS):
            yield Batch.of_arrow(piece, size_bytes=size)
            size = 0


def _are_columns(value: dict[str, Any]) -> bool:
    if has_row_numbers(value):
        return without_labels(value) is not None
    lengths = {len(v) if isinstance(v, list) else -1 for v in value.values()}
    return len(lengths) == 1 and -1 not in lengths


def _lines(path: Source, start: bytes, plain: Any, raw: Any) -> Iterator[Batch]:
    at, line = 0, 1
    any_line = False
    for block in _line_blocks(start, plain, path):
        now = raw.tell()
        for piece in pieces(_json_block(block, path, line), BATCH_ROWS):
            any_line = True
            yield Batch.of_arrow(piece, size_bytes=now - at)
            at = now
        line += block.count(b"\n")
    if not any_line:
        yield Batch(0, {})


def _line_blocks(start: bytes, stream: Any, path: Source) -> Iterator[bytes]:
    """Blocks of whole lines."""
    rest, block = b"", start
    while block:
        rest += block
        end = rest.rfind(b"\n") + 1
        if end:
            yield rest[:end]
            rest = rest[end:]
        elif len(rest) > LONGEST_LINE:
            raise DataError(
                f"{path}: a line of more than {LONGEST_LINE:,} bytes; "
                "JSON lines hold one record a line",
                code="DW016",
            )
        block = stream.read(BLOCK)
    if rest.strip():
        yield rest


def _json_block(block: bytes, path: Source, first_line: int) -> pa.RecordBatch:
    """Parse a block by itself: records of a later block may have other fields and types."""
    import pyarrow as pa
    from pyarrow import json

    if not block.strip():
        return pa.record_batch([], names=[])
    try:
        parse = json.ParseOptions(newlines_in_values=False)
        read = json.ReadOptions(block_size=len(block) + 1, use_threads=False)
        table = json.read_json(pa.BufferReader(block), parse_options=parse, read_options=read)
        if texts := [f.name for f in table.schema if pa.types.is_timestamp(f.type)]:
            # JSON has no times: texts that look like some in one block may not in the next.
            schema = pa.schema([(name, pa.string()) for name in texts])
            parse = json.ParseOptions(newlines_in_values=False, explicit_schema=schema)
            table = json.read_json(pa.BufferReader(block), parse_options=parse, read_options=read)
        if not block.isascii():
            table.validate(full=True)  # that its texts are UTF-8 is not looked at while reading
        if _rounds(table, block):
            return _record_by_record(block, path, first_line)
        return table.combine_chunks().to_batches()[0] if table.num_rows else _no_rows(table)
    except pa.ArrowInvalid:  # types change from record to record, or a line is no record
        return _record_by_record(block, path, first_line)


def _hint(text: bytes) -> str:
    try:
        text.decode()
    except UnicodeDecodeError:
        return "; JSON is UTF-8: convert the file, such as with iconv -f latin-1 -t utf-8"
    return ""


def _rounds(table: pa.Table, block: bytes) -> bool:
    """Whether integers that no double holds stand among fractions, which make doubles of them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    floats = [column for column in table.columns if pa.types.is_floating(column.type)]
    large = any((pc.max(pc.abs(column)).as_py() or 0.0) >= EXACT_INTEGERS for column in floats)
    return large and _LONG_INTEGER.search(block) is not None


def _no_rows(table: pa.Table) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.record_batch([pa.nulls(0, f.type) for f in table.schema], schema=table.schema)


def _record_by_record(block: bytes, path: Source, first_line: int) -> pa.RecordBatch:
    records = []
    for number, line in enumerate(block.split(b"\n"), start=first_line):
        if not line.strip():
            continue
        try:
            record = json_value(line)
        except NotJSONError as error:
            raise DataError(
                f"{path}, line {number}: not JSON: {error}{_hint(line)}", code="DW016"
            ) from error
        if not isinstance(record, dict):
            raise DataError(
                f"{path}, line {number}: a record must be an object, one a line", code="DW016"
            )
        records.append(record)
    return table_of(records).combine_chunks().to_batches()[0]
