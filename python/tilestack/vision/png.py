"""A small PNG codec, so that pictures work without pillow (PNG specification, W3C, third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type: gray, RGB, palette, gray + alpha, RGB + alpha
BIT_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
MAX_PIXELS = 100_000_000


def write_png(image: np.ndarray) -> bytes:
    """A PNG file of an image of shape (height, width) or (height, width, 1, 3 or 4), uint8."""
    image = np.ascontiguousarray(image, np.uint8)
    height, width = image.shape[:2]
    channels = image.shape[2] if image.ndim == 3 else 1
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # the leading 0: no filter
    rows[:, 1:] = image.reshape(height, -1)
    colour = {1: 0, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return SIGNATURE + b"".join(
        _chunk(kind, data)
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    )


def read_png(data: bytes) -> np.ndarray:
    """The image in a PNG file: (height, width, channels) uint8, with 1, 2, 3 or 4 channels as stored; a palette gives
    3 or 4. Raises ValueError for a damaged or interlaced one."""
    if not data.startswith(SIGNATURE):
        raise ValueError("not a PNG file")
    chunks: dict[bytes, bytes] = {}
    for kind, content in _chunks(data):
        chunks[kind] = chunks.get(kind, b"") + content if kind == b"IDAT" else content
    header = chunks.get(b"IHDR", b"")
    if len(header) != 13 or b"IDAT" not in chunks:
        raise ValueError("damaged PNG file: no header or no image data")
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if depth not in BIT_DEPTHS.get(colour, ()) or not 0 < width * height <= MAX_PIXELS:
        raise ValueError(f"damaged PNG file: {width} x {height} pixels, colour type {colour}, {depth} bits")
    if interlaced:
        raise ValueError("an interlaced PNG file needs pillow: pip install pillow")
    pixel_bits = CHANNELS[colour] * depth
    stride = (width * pixel_bits + 7) // 8
    rows = _unfilter(_inflate(chunks[b"IDAT"], height * (stride + 1)), height, stride, max(1, pixel_bits // 8))
    image = _samples(rows, width, depth, scale=colour == 0).reshape(height, width, CHANNELS[colour])
    return _apply_palette(image, chunks) if colour == 3 else image


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, position)
        content = data[position + 8 : position + 8 + size]
        position += 12 + size
        if position > len(data):
            break
        if zlib.crc32(kind + content) != int.from_bytes(data[position - 4 : position], "big"):
            raise ValueError(f"damaged PNG file: wrong checksum in chunk {kind!r}")
        if kind == b"IEND":
            return
        yield kind, content
    raise ValueError("damaged PNG file: truncated")


def _inflate(data: bytes, size: int) -> bytes:
    try:
        rows = zlib.decompressobj().decompress(data, size)
    except zlib.error as error:
        raise ValueError(f"damaged PNG file: {error}") from None
    if len(rows) != size:
        raise ValueError("damaged PNG file: too little image data")
    return rows


def _unfilter(data: bytes, height: int, stride: int, step: int) -> np.ndarray:
    """Undo the filter of each row; `step` is the distance in bytes to the pixel on the left."""
    source = np.frombuffer(data, np.uint8).reshape(height, stride + 1)
    rows = np.zeros((height + 1, stride), np.uint8)  # row 0 stands for the one above the image
    for y in range(height):
        kind, line, above = source[y, 0], source[y, 1:], rows[y]
        if kind == 0:
            rows[y + 1] = line
        elif kind == 1:
            padded = np.zeros((-(-stride // step), step), np.uint8)
            padded.reshape(-1)[:stride] = line
            rows[y + 1] = np.cumsum(padded, axis=0, dtype=np.uint8).reshape(-1)[:stride]
        elif kind == 2:
            rows[y + 1] = line + above
        elif kind in (3, 4):
            predict = _average if kind == 3 else _paeth
            rows[y + 1] = _predicted(line.tolist(), above.tolist(), step, predict)
        else:
            raise ValueError(f"damaged PNG file: row filter {kind}")
    return rows[1:]


def _predicted(line: list[int], above: list[int], step: int, predict) -> list[int]:  # type: ignore[no-untyped-def]
    out = [0] * step + line
    upper = [0] * step + above
    for i in range(step, len(out)):
        out[i] = (out[i] + predict(out[i - step], upper[i], upper[i - step])) & 255
    return out[step:]


def _average(left: int, up: int, corner: int) -> int:
    return (left + up) >> 1


def _paeth(left: int, up: int, corner: int) -> int:
    to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
    if to_left <= to_up and to_left <= to_corner:
        return left
    return up if to_up <= to_corner else corner


def _samples(rows: np.ndarray, width: int, depth: int, scale: bool) -> np.ndarray:
    """One byte a sample: the high byte of 16 bits; fewer bits are unpacked and, for gray, stretched to 0..255."""
    if depth == 8:
        return rows
    if depth == 16:
        return rows[:, ::2]
    bits = np.unpackbits(rows, axis=1).reshape(len(rows), -1, depth)[:, :width]
    values = bits @ (1 << np.arange(depth - 1, -1, -1))
    return (values * (255 // (2**depth - 1)) if scale else values).astype(np.uint8)


def _apply_palette(image: np.ndarray, chunks: dict[bytes, bytes]) -> np.ndarray:
    colours = np.frombuffer(chunks.get(b"PLTE", b"")[: 256 * 3], np.uint8)
    if len(colours) % 3 or image.max() >= len(colours) // 3:
        raise ValueError("damaged PNG file: a pixel has no colour in the palette")
    table = colours.reshape(-1, 3)
    if b"tRNS" in chunks:
        alpha = np.full((len(table), 1), 255, np.uint8)
        given = np.frombuffer(chunks[b"tRNS"][: len(table)], np.uint8)
        alpha[: len(given), 0] = given
        table = np.concatenate([table, alpha], axis=1)
    return table[image[:, :, 0]]
