"""The layout of the injury report: from the characters of the PDF to rows of seven cells, not interpreted."""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nba_assets.errors import UnreadableReport

if TYPE_CHECKING:
    import pypdfium2 as pdfium

MOST_BYTES = 20_000_000
_MOST_PAGES = 60
_MOST_CHARACTERS = 20_000  # on a page; a genuine one has about 1,000

_HEADINGS = ("Game Date", "Game Time", "Matchup", "Team", "Player Name", "Current Status", "Reason")
_REASON = len(_HEADINGS) - 1
# Multiples of the height of a line (1.2 em): lines of one reason are 1.1 to 1.3 apart, rows 1.8 or more.
_SAME_LINE, _SAME_REASON = 0.25, 1.55
_MARGIN = 5.0  # points by which a cell's text may start left of its heading
# PDFium is not thread-safe.
_PDFIUM = threading.Lock()

_Box = tuple[float, float, float, float]  # left, bottom, right, top in points, counted up from the bottom
Cells = tuple[str, ...]  # the text of one row under each of _HEADINGS, "" where nothing is printed


@dataclass(frozen=True)
class PrintedReport:
    """The first page's title line, and the rows of every page from top to bottom.

    A wrapped reason is one cell of the row beside it; if there is no row beside it, it is a row with only a reason.
    """

    title: str
    pages: list[list[Cells]]


@dataclass(frozen=True)
class _Word:
    text: str
    left: float
    middle: float  # points down from the top of the page to the middle of the line
    height: float


_Line = list[_Word]


def squeezed(text: str) -> str:
    """The text in lower case without blanks, which are unreliable in these PDFs."""
    return re.sub(r"\s+", "", text).lower()


def read_layout(pdf: bytes, *, source: str) -> PrintedReport:
    """The rows as printed. An UnreadableReport names `source` and says what is wrong with the document."""
    pages = [_lines(words) for words in _words_by_page(pdf, source)]
    for number, lines in enumerate(pages, 1):
        _refuse_missing_pages(lines, number, len(pages), source)
    title = next((_text(line) for line in pages[0] if squeezed(_text(line)).startswith("injuryreport")), None)
    header = next((line for line in pages[0] if _is_header(line)), None)
    if title is None or header is None:
        missing = "title 'Injury Report: …'" if title is None else f"column headings '{' '.join(_HEADINGS)}'"
        raise UnreadableReport(f"{source}: no {missing} on page 1; is it an injury report, has its layout changed?")
    lefts = _column_lefts(header)
    return PrintedReport(title, [_rows([line for line in lines if not _is_furniture(line)], lefts) for lines in pages])


def _words_by_page(pdf: bytes, source: str) -> list[list[_Word]]:
    if len(pdf) > MOST_BYTES:
        raise UnreadableReport(f"{source}: {len(pdf):,} bytes, more than the {MOST_BYTES:,} that a report may have.")
    if b"%PDF-" not in pdf[:1024]:
        raise UnreadableReport(f"{source}: not a PDF, it starts with {pdf[:40]!r}; fetch it again.")
    if b"%%EOF" not in pdf[-1024:]:
        raise UnreadableReport(f"{source}: the PDF is cut off after {len(pdf):,} bytes; fetch it again.")
    import pypdfium2 as pdfium  # only who reads a report shall load it

    with _PDFIUM:
        try:
            document = pdfium.PdfDocument(pdf)
        except pdfium.PdfiumError as failure:
            raise UnreadableReport(f"{source}: a damaged PDF ({failure}); fetch it again.") from failure
        try:
            if not 0 < len(document) <= _MOST_PAGES:
                raise UnreadableReport(f"{source}: {len(document)} pages; a report has 1 to {_MOST_PAGES}.")
            return [list(_words(page, source)) for page in document]
        except pdfium.PdfiumError as failure:
            raise UnreadableReport(f"{source}: a damaged page ({failure}); fetch it again.") from failure
        finally:
            document.close()


def _words(page: pdfium.PdfPage, source: str) -> Iterator[_Word]:
    import pypdfium2.raw as pdfium_c

    text, page_height = page.get_textpage(), page.get_height()
    rotation, paper = page.get_rotation(), page.get_cropbox()
    count = text.count_chars()
    if count > _MOST_CHARACTERS:
        raise UnreadableReport(f"{source}: {count:,} characters on a page, more than {_MOST_CHARACTERS:,}.")
    word, start = "", (0.0, 0.0, 0.0, 0.0)
    for index in range(count):
        character = chr(pdfium_c.FPDFText_GetUnicode(text, index))
        box = _as_displayed(text.get_charbox(index, loose=True), rotation, paper)
        # PDFium returns a hyphen at the end of a line as control character 2, without a line break.
        if word and (character.isspace() or abs(box[1] - start[1]) > _SAME_LINE * (start[3] - start[1])):
            yield _word(word, start, page_height)
            word = ""
        if not character.isspace():
            start = start if word else box
            word += "-" if character == "\x02" else character
    if word:
        yield _word(word, start, page_height)


def _as_displayed(box: _Box, rotation: int, paper: _Box) -> _Box:
    """The box on the displayed page, which is rotated clockwise by `rotation` degrees and starts at 0, 0."""
    left, bottom, right, top = box
    paper_left, paper_bottom, paper_right, paper_top = paper
    if rotation == 90:
        return bottom - paper_bottom, paper_right - right, top - paper_bottom, paper_right - left
    if rotation == 180:
        return paper_right - right, paper_top - top, paper_right - left, paper_top - bottom
    if rotation == 270:
        return paper_top - top, left - paper_left, paper_top - bottom, right - paper_left
    return left - paper_left, bottom - paper_bottom, right - paper_left, top - paper_bottom


def _word(text: str, box: _Box, page_height: float) -> _Word:
    left, bottom, _, top = box
    return _Word(text, left, page_height - (bottom + top) / 2, top - bottom)


def _lines(words: list[_Word]) -> list[_Line]:
    lines: list[_Line] = []
    for word in sorted(words, key=lambda word: word.middle):
        if lines and word.middle - lines[-1][0].middle <= _SAME_LINE * word.height:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word.left) for line in lines]


def _text(words: list[_Word]) -> str:
    return " ".join(word.text for word in words)


def _is_header(line: _Line) -> bool:
    return squeezed(_text(line)) == squeezed("".join(_HEADINGS))


def _is_furniture(line: _Line) -> bool:
    return _is_header(line) or re.match(r"injuryreport:|page\d+of\d+$", squeezed(_text(line))) is not None


def _refuse_missing_pages(lines: list[_Line], number: int, count: int, source: str) -> None:
    if not lines:
        raise UnreadableReport(f"{source}: no text on page {number}; the PDF is damaged, fetch it again.")
    for line in lines:
        footer = re.fullmatch(r"page(\d+)of(\d+)", squeezed(_text(line)))
        if footer and (int(footer[1]), int(footer[2])) != (number, count):
            raise UnreadableReport(f"{source}: page {number} of {count} is numbered '{_text(line)}'; fetch it again.")


def _column_lefts(header: _Line) -> list[float]:
    lefts, read = [], ""
    starts = {len(squeezed("".join(_HEADINGS[:column]))) for column in range(len(_HEADINGS))}
    for word in header:
        if len(read) in starts:
            lefts.append(word.left - _MARGIN)
        read += word.text
    return lefts


def _rows(lines: list[_Line], lefts: list[float]) -> list[Cells]:
    rows: list[tuple[float, list[str]]] = []
    reasons: list[_Line] = []
    for line in lines:
        columns: list[list[_Word]] = [[] for _ in _HEADINGS]
        for word in line:
            columns[max(bisect_right(lefts, word.left) - 1, 0)].append(word)
        cells = [_text(column) for column in columns[:_REASON]]
        if any(cells):
            _add_row(line[0], cells, rows)
        if columns[_REASON]:
            reasons.append(columns[_REASON])
    for reason in _wrapped(reasons):
        _place(reason, rows)
    return [tuple(cells) for _, cells in sorted(rows, key=lambda row: row[0])]


def _add_row(first: _Word, cells: list[str], rows: list[tuple[float, list[str]]]) -> None:
    """A player is printed beside the middle of a wrapped reason, his game and team sometimes beside its first line."""
    if rows and first.middle - rows[-1][0] <= _SAME_REASON * first.height:
        _, above = rows[-1]
        if not any(upper and lower for upper, lower in zip(above, cells, strict=False)):
            rows[-1] = (first.middle, [upper or lower for upper, lower in zip(above, cells, strict=False)] + [""])
            return
    rows.append((first.middle, [*cells, ""]))


def _wrapped(lines: list[_Line]) -> list[list[_Line]]:
    reasons: list[list[_Line]] = []
    for line in lines:
        if reasons and line[0].middle - reasons[-1][-1][0].middle <= _SAME_REASON * line[0].height:
            reasons[-1].append(line)
        else:
            reasons.append([line])
    return reasons


def _place(reason: list[_Line], rows: list[tuple[float, list[str]]]) -> None:
    slack = _SAME_LINE * reason[0][0].height
    first, last = reason[0][0].middle - slack, reason[-1][0].middle + slack
    around = [row for row in rows if first <= row[0] <= last]
    if not around:
        rows.append((reason[0][0].middle, [""] * _REASON + [" ".join(map(_text, reason))]))
        return
    for line in reason:
        _, cells = min(around, key=lambda row: abs(row[0] - line[0].middle))
        cells[_REASON] = f"{cells[_REASON]} {_text(line)}".strip()
