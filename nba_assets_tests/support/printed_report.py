"""Writes small injury reports as PDF, laid out as the NBA does: columns by position, reasons centred on their row."""

from collections.abc import Sequence

HEADINGS = ("Game Date", "Game Time", "Matchup", "Team", "Player Name", "Current Status", "Reason")
LEFTS = (24, 121, 201, 265, 426, 587, 667)
TITLE = "Injury Report: 01/04/24 05:30 PM"
CUT = "<cut>"  # stands in a reason where the page ends; the rest is printed at the top of the next

_WIDTH, _HEIGHT, _ROW, _REASON_LINE, _SIZE = 842, 595, 22, 14, 9
# Where the page puts what is drawn on a landscape sheet, so that /Rotate turns it back.
_TURNS = {
    0: b"1 0 0 1 0 0",
    90: b"0 1 -1 0 %d 0" % _HEIGHT,
    180: b"-1 0 0 -1 %d %d" % (_WIDTH, _HEIGHT),
    270: b"0 -1 1 0 0 %d" % _WIDTH,
}
_ACCENTS = {"č": 128, "ć": 129, "Č": 130, "ş": 131, "ģ": 132}
_GLYPHS = "/ccaron /cacute /Ccaron /scedilla /gcommaaccent"

Text = tuple[float, float, str]  # left, top, text


def printed_report(
    *pages: Sequence[tuple[str, ...]],
    title: str = TITLE,
    headings: Sequence[str] = HEADINGS,
    lefts: Sequence[float] = LEFTS,
    footer: str = "Page {page} of {pages}",
    rotation: int = 0,
    from_first_line: int = 0,
) -> bytes:
    """A page for each sequence of rows; a row is its seven cells, and "|" breaks the lines of a reason.

    rotation: degrees that a reader turns the pages by, as the genuine ones of 2022-23. from_first_line: so many cells
    of a row stand beside the first line of its reason instead of in its middle.
    """
    texts, rest = [], ""
    for number, rows in enumerate(pages, 1):
        page: list[Text] = [(289, 46, title), (760, 565, footer.format(page=number, pages=len(pages)))]
        page += [(left, 108, heading) for left, heading in zip(lefts, headings, strict=False)]
        top = 130.0
        if rest:
            page.append((lefts[6], top, rest))
            top += _ROW
        for *cells, whole in rows:
            reason, _, rest = whole.partition(CUT)
            lines = reason.split("|")
            middle = top + _REASON_LINE * (len(lines) - 1) / 2
            tops = [top] * from_first_line + [middle] * (len(cells) - from_first_line)
            page += [(left, at, cell) for left, at, cell in zip(lefts, tops, cells, strict=False)]
            page += [(lefts[6], top + _REASON_LINE * number, line) for number, line in enumerate(lines)]
            top += _ROW + _REASON_LINE * (len(lines) - 1)
        texts.append(page)
    return pdf(*texts, rotation=rotation)


def pdf(*pages: Sequence[Text], rotation: int = 0) -> bytes:
    """A PDF with the given texts on each page, landscape once it is turned clockwise by `rotation` degrees."""
    width, height = (_HEIGHT, _WIDTH) if rotation % 180 else (_WIDTH, _HEIGHT)
    turned = b"q %s cm\n%%s\nQ" % _TURNS[rotation]
    objects = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Type /Encoding "
               b"/BaseEncoding /WinAnsiEncoding /Differences [128 %s] >> >>" % _GLYPHS.encode()]  # fmt: skip
    kids = []
    for page in pages:
        stream = turned % b"\n".join(_drawn(*text) for text in page if text[2])
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Rotate %d /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (width, height, rotation, len(objects))
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    written, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(written) + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(written))
    )


def _drawn(left: float, top: float, text: str) -> bytes:
    encoded = b"".join(bytes([_ACCENTS[letter]]) if letter in _ACCENTS else letter.encode("cp1252") for letter in text)
    escaped = encoded.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
    return b"BT /F1 %d Tf %.2f %.2f Td (%s) Tj ET" % (_SIZE, left, _HEIGHT - top - _SIZE, escaped)
