#!/usr/bin/env python3
"""Writes layers that are rare, odd, broken or hostile, one file per case, into a folder.

usage: edge-layers.py FOLDER

The same bytes on every run with the same zlib. What official builders and readers, and Launchway,
make of each is in the table of soci/tests/layers/edges/table.rs; a case here needs a line there.
Python's own zlib and tarfile write the usual parts, `header()` and `deflate bits` the unusual ones,
so that nothing here shares code with what is tested.
"""
import bz2
import functools
import gzip
import io
import lzma
import os
import random
import struct
import sys
import tarfile
import zlib

CASES = {}


def case(extension="tar.gz"):
    """Registers a function that gives a layer's bytes; its name is that of the case."""

    def register(function):
        CASES[f"{function.__name__.replace('_', '-')}.{extension}"] = function
        return function

    return register


# ---- contents ------------------------------------------------------------------------------------


def words(count, seed=7):
    """Text that compresses as text does."""
    source, out = random.Random(seed), bytearray()
    while len(out) < count:
        out += b"%08x line of text %d\n" % (source.getrandbits(32), source.getrandbits(12))
    return bytes(out[:count])


def noise(count, seed=7):
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(count)


def usual(format=tarfile.PAX_FORMAT, files=12, size=700_000):
    """An archive with everything that an ordinary layer has: about 9 MB, three spans."""
    out = io.BytesIO()
    archive = tarfile.open(fileobj=out, mode="w", format=format)

    def add(name, data=b"", **fields):
        member = tarfile.TarInfo(name)
        member.size = len(data)
        for field, value in fields.items():
            setattr(member, field, value)
        archive.addfile(member, io.BytesIO(data))

    add("./usr/", type=tarfile.DIRTYPE, mode=0o755, mtime=1_700_000_000.25)
    for index in range(files):
        records = {}
        if index % 5 == 0 and format == tarfile.PAX_FORMAT:
            records = {
                "SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00",
                "SCHILY.xattr.user.a": "b",
                "comment": "hi",
            }
        add(
            f"./usr/f{index:03}.txt",
            words(size, index),
            mtime=1_700_000_000.123456 + index,
            uid=1000,
            gid=3_000_000 if format != tarfile.USTAR_FORMAT else 300,
            uname="me",
            mode=0o4755,
            pax_headers=records,
        )
    add("usr/link", type=tarfile.SYMTYPE, linkname="f000.txt")
    add("usr/hard", type=tarfile.LNKTYPE, linkname="./usr/f001.txt")
    add("dev/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
    add("dev/loop0", type=tarfile.BLKTYPE, devmajor=7, devminor=0)
    add("run/fifo", type=tarfile.FIFOTYPE)
    add("usr/.wh.gone")
    add("usr/.wh..wh..opq")
    if format != tarfile.USTAR_FORMAT:
        add("usr/" + "x" * 180 + "/long", b"abc")
        add("usr/" + "l" * 120, type=tarfile.SYMTYPE, linkname="t" * 150)
        add("usr/empty", mtime=-5)
    else:
        add("usr/" + "x" * 90 + "/" + "y" * 60, b"abc")
    archive.close()
    return out.getvalue()


TAR = usual()


def field(value, width):
    """A number as octal digits and a NUL, or text as it is."""
    if isinstance(value, int):
        value = b"%0*o\0" % (width - 1, value)
    assert len(value) <= width, (value, width)
    return value.ljust(width, b"\0")


def base256(value, width):
    """A number in GNU's and star's binary form."""
    raw = value.to_bytes(width, "big", signed=True)
    return bytes([raw[0] | 0x80]) + raw[1:]


USTAR, GNU, V7 = b"ustar\x0000", b"ustar  \x00", b""


def header(name, size=0, type=b"0", link=b"", mode=0o644, uid=0, gid=0, mtime=0, magic=USTAR,
           uname=b"", gname=b"", major=b"", minor=b"", prefix=b"", checksum=None):
    """One block. Every field may be given raw, as bytes."""
    block = bytearray(
        field(name, 100) + field(mode, 8) + field(uid, 8) + field(gid, 8) + field(size, 12)
        + field(mtime, 12) + b" " * 8 + type + field(link, 100) + field(magic, 8)
        + field(uname, 32) + field(gname, 32) + field(major, 8) + field(minor, 8) + field(prefix, 155)
    ).ljust(512, b"\0")
    if checksum is None:
        checksum = b"%06o\0 " % sum(block)
    elif callable(checksum):
        checksum = checksum(block)
    block[148:156] = checksum
    return bytes(block)


def padded(data):
    return data + b"\0" * (-len(data) % 512)


def file(name, data=b"abc", **fields):
    """A member with its data."""
    return header(name, fields.pop("size", len(data)), **fields) + padded(data)


def records(*pairs):
    out = b""
    for key, value in pairs:
        body = b" " + key + b"=" + value + b"\n"
        length = len(body) + 1
        while len(str(length)) + len(body) != length:
            length += 1
        out += str(length).encode() + body
    return out


def pax(*pairs, type=b"x"):
    """An extended header, which is about the member after it."""
    return file(b"PaxHeaders/x", records(*pairs), type=type)


def gnu_long(text, type=b"L"):
    return file(b"././@LongLink", text, type=type, magic=GNU)


END = b"\0" * 1024
LAST = file(b"last", b"the file after the odd one\n")


def tar(*members):
    return b"".join(members) + END


# ---- gzip and deflate ----------------------------------------------------------------------------

HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


def trailer(data):
    return struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


@functools.cache
def gz(data, level=6):
    return gzip.compress(data, level, mtime=0)


def deflate(data, level=6, strategy=zlib.Z_DEFAULT_STRATEGY, memory=8, flush=None, every=100_000):
    compressor = zlib.compressobj(level, zlib.DEFLATED, -15, memory, strategy)
    out = b""
    for start in range(0, len(data), every):
        out += compressor.compress(data[start:start + every])
        if flush is not None:
            out += compressor.flush(flush)
    return out + compressor.flush()


def raw(body, data, head=HEAD):
    return head + body + trailer(data)


def split(data, size):
    return [data[start:start + size] for start in range(0, len(data), size)]


def simple(*members):
    """Registers a small archive, gzipped, whose only oddity is in these members."""
    return gz(tar(*members, LAST))


# ---- gzip: headers, blocks, members, ends --------------------------------------------------------


@case()
def usual_layer():
    return gz(TAR)


@case()
def usual_gnu():
    return gz(usual(tarfile.GNU_FORMAT))


@case()
def usual_ustar():
    return gz(usual(tarfile.USTAR_FORMAT))


@case()
def gzip_name():
    out = io.BytesIO()
    with gzip.GzipFile("layer.tar", "wb", fileobj=out, mtime=1) as writer:
        writer.write(TAR)
    return out.getvalue()


def full_header(damage=0):
    head = b"\x1f\x8b\x08\x1f" + struct.pack("<I", 1) + b"\x02\x03" + struct.pack("<H", 6) + b"AB\2\0xy"
    head += b"name\0comment\0"
    return head + struct.pack("<H", (zlib.crc32(head) & 0xFFFF) ^ damage)


@case()
def gzip_all_header_fields():
    return raw(deflate(TAR), TAR, full_header())


@case()
def gzip_header_checksum_wrong():
    return raw(deflate(TAR), TAR, full_header(damage=1))


@case()
def gzip_reserved_flags():
    return raw(deflate(TAR), TAR, b"\x1f\x8b\x08\xe0\0\0\0\0\0\xff")


@case()
def gzip_unknown_method():
    return raw(deflate(TAR), TAR, b"\x1f\x8b\x07\0\0\0\0\0\0\xff")


def named(length):
    data = tar(LAST)
    return raw(deflate(data), data, b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"n" * length + b"\0")


@case()
def gzip_name_511():
    return named(511)


@case()
def gzip_name_512():
    return named(512)


@case()
def members_3():
    return b"".join(gz(part) for part in split(TAR, len(TAR) // 3 + 1))


@case()
def members_1m():
    return b"".join(gz(part) for part in split(TAR, 1_000_000))


@case()
def members_at_tar_blocks():
    return b"".join(gz(part) for part in split(TAR, 3 << 20))


@case()
def members_at_span_size():
    return b"".join(gz(part, 0) for part in split(TAR, 4 << 20))


@case()
def members_32k():
    return b"".join(gz(part) for part in split(TAR, 32 << 10))


@case()
def members_single_bytes():
    small = tar(LAST)
    return b"".join(gz(bytes([byte])) for byte in small)


@case()
def member_empty_last():
    return gz(TAR) + gz(b"")


@case()
def member_empty_last_at_end():
    return gz(BODY + END) + gz(b"")


@case()
def member_empty_last_span_due_at_end():
    data = tar(file(b"f", noise(3 << 20)), file(b"g", noise(5 << 20)))
    return gz(data, 0) + gz(b"")


@case()
def members_empty_last_span_due():
    return gz(TAR) + gz(b"") * 3


@case()
def member_empty_first():
    return gz(b"") + gz(TAR)


@case()
def member_empty_middle():
    half = len(TAR) // 2
    return gz(TAR[:half]) + gz(b"") + gz(b"") + gz(TAR[half:])


@case()
def members_empty_only():
    return gz(b"") * 3


@case()
def member_small_first():
    return gz(TAR[:512]) + gz(TAR[512:])


@case()
def member_of_padding_last():
    return gz(TAR) + gz(b"\0" * (5 << 20))


@case()
def member_with_name_second():
    half = len(TAR) // 2
    return gz(TAR[:half]) + raw(deflate(TAR[half:]), TAR[half:], full_header())


EMPTY_STORED = b"\0\0\0\xff\xff"


@case()
def block_empty_first():
    return raw(EMPTY_STORED + deflate(TAR), TAR)


@case()
def blocks_empty_first():
    return raw(EMPTY_STORED * 5 + deflate(TAR), TAR)


@case()
def flush_sync():
    return raw(deflate(TAR, flush=zlib.Z_SYNC_FLUSH), TAR)


@case()
def flush_full():
    return raw(deflate(TAR, flush=zlib.Z_FULL_FLUSH), TAR)


@case()
def flush_partial():
    return raw(deflate(TAR, flush=zlib.Z_PARTIAL_FLUSH), TAR)


@case()
def flush_every_kilobyte():
    data = tar(file(b"f", words(2 << 20)), LAST)
    return raw(deflate(data, flush=zlib.Z_SYNC_FLUSH, every=1024), data)


@case()
def level_0():
    return gz(TAR, 0)


@case()
def level_1():
    return gz(TAR, 1)


@case()
def level_9():
    return gz(TAR, 9)


@case()
def stored_noise():
    return gz(tar(file(b"noise", noise(6_000_000)), LAST))


@case()
def huffman_fixed():
    return raw(deflate(TAR, strategy=zlib.Z_FIXED), TAR)


@case()
def huffman_only():
    return raw(deflate(TAR, strategy=zlib.Z_HUFFMAN_ONLY), TAR)


@case()
def run_length():
    return raw(deflate(TAR, strategy=zlib.Z_RLE), TAR)


@case()
def memory_1():
    return raw(deflate(TAR, memory=1), TAR)


@case()
def zeros_30m():
    return gz(tar(file(b"zeros", bytes(30 << 20)), LAST))


def stored(data, last=False):
    return struct.pack("<BHH", last, len(data), len(data) ^ 0xFFFF) + data


def long_block(mebibytes):
    """A file of that size in one deflate block, as no compressor would write it."""
    # Header of a fixed block that is not the last (3 bits), the literal `z` (8 bits), then matches
    # of length 258 (8 bits) at distance 1 (5 bits), enough for the pattern to repeat by whole bytes.
    # Then the end of the block (7 bits), and the header of a last stored block (3 bits).
    matches = (mebibytes << 20) // (258 * 8)
    literal, match = [1, 0, 1, 0, 1, 0, 1, 0], [1, 1, 0, 0, 0, 1, 0, 1] + [0] * 5
    bits, size = [0, 1, 0] + literal, 1
    while len(bits) % 8:
        bits, size = bits + match, size + 258
    size += matches * 8 * 258

    def pack(bits):
        return bytes(sum(bit << at for at, bit in enumerate(bits[i:i + 8])) for i in range(0, len(bits), 8))

    head, rest = header(b"long", size), bytes(-size % 512) + LAST + END
    crc = zlib.crc32(head)
    for start in range(0, size, 1 << 20):
        crc = zlib.crc32(b"z" * min(1 << 20, size - start), crc)
    crc = zlib.crc32(rest, crc)
    body = stored(head) + pack(bits) + pack(match * 8) * matches + b"\x80\0" + stored(rest)[1:]
    return HEAD + body + struct.pack("<II", crc, (len(head) + size + len(rest)) & 0xFFFFFFFF)


@case()
def block_of_20m():
    return long_block(20)


@case()
def block_of_300m():
    return long_block(300)


@case()
def after_end_zeros():
    return gz(TAR) + b"\0" * 1000


@case()
def after_end_one_zero():
    return gz(TAR) + b"\0"


@case()
def after_end_garbage():
    return gz(TAR) + b"garbage!" * 10


@case()
def after_end_half_magic():
    return gz(TAR) + b"\x1f"


@case()
def after_end_magic_only():
    return gz(TAR) + b"\x1f\x8b"


@case()
def after_end_magic_and_garbage():
    return gz(TAR) + b"\x1f\x8bgarbage!"


@case()
def after_end_half_member():
    return gz(TAR) + gz(b"more")[:-9]


@case()
def truncated_in_deflate():
    return gz(TAR)[: len(gz(TAR)) // 2]


@case()
def truncated_in_trailer():
    return gz(TAR)[:-3]


@case()
def truncated_before_trailer():
    return gz(TAR)[:-8]


@case()
def truncated_in_header():
    return gz(TAR)[:6]


@case()
def truncated_after_header():
    return gz(TAR)[:10]


@case()
def truncated_to_magic():
    return gz(TAR)[:2]


@case()
def damaged_checksum():
    layer = bytearray(gz(TAR))
    layer[-8] ^= 1
    return bytes(layer)


@case()
def damaged_length():
    layer = bytearray(gz(TAR))
    layer[-1] ^= 1
    return bytes(layer)


@case()
def damaged_block():
    layer = bytearray(gz(TAR))
    layer[len(layer) // 2:len(layer) // 2 + 8] = b"\xff" * 8
    return bytes(layer)


@case()
def damaged_block_type():
    return raw(b"\x07", b"")


# ---- not gzip ------------------------------------------------------------------------------------


@case("tar")
def uncompressed():
    return TAR


@case("tar")
def uncompressed_small():
    return tar(LAST)


@case("tar")
def uncompressed_span_size():
    return file(b"f", words((4 << 20) - 512))


@case("tar")
def uncompressed_span_size_directory_last():
    return file(b"f", words((4 << 20) - 1024)) + header(b"d/", type=b"5")


@case("tar")
def uncompressed_span_size_with_end():
    return file(b"f", words((4 << 20) - 512 - len(END))) + END


@case("tar")
def uncompressed_span_size_then_end():
    return file(b"f", words((4 << 20) - 512)) + END


@case("tar")
def uncompressed_empty_archive():
    return END


@case("tar")
def uncompressed_padding():
    return tar(LAST) + bytes(9 << 20)


@case("tar")
def uncompressed_truncated():
    return TAR[: len(TAR) // 2]


@case("tar")
def empty_file():
    return b""


@case("tar")
def one_byte():
    return b"\x1f"


@case("tar.zst")
def zstd():
    # A frame of raw blocks: no content size, a window of 2 MiB, a last empty block.
    blocks = b"".join(struct.pack("<I", len(part) << 3)[:3] + part for part in split(TAR[:1 << 20], 1 << 16))
    return b"\x28\xb5\x2f\xfd\x00\x58" + blocks + b"\x01\0\0"


@case("tar.zst")
def zstd_skippable_first():
    return b"\x50\x2a\x4d\x18\x04\0\0\0skip" + zstd()


@case("tar.bz2")
def bzip2():
    return bz2.compress(TAR[:1 << 20])


@case("tar.xz")
def xz():
    return lzma.compress(TAR[:1 << 20])


@case("tar")
def text():
    return words(100_000)


# ---- tar: ends -----------------------------------------------------------------------------------


def without_end(archive):
    archive = archive.rstrip(b"\0")
    return archive + b"\0" * (-len(archive) % 512)


BODY = without_end(TAR)


@case()
def end_missing():
    return gz(BODY)


@case()
def end_one_block():
    return gz(BODY + b"\0" * 512)


@case()
def end_exact():
    return gz(BODY + END)


@case()
def end_half_block():
    return gz(BODY + b"\0" * 1300)


@case()
def end_20m_of_padding():
    return gz(BODY + b"\0" * (20 << 20))


@case()
def end_then_noise():
    return gz(BODY + END + noise(9 << 20))


@case()
def end_then_archive():
    return gz(BODY + END + TAR)


@case()
def end_one_block_then_noise():
    return gz(tar(LAST)[:-512] + words(2048))


@case()
def archive_empty():
    return gz(END)


@case()
def archive_of_no_bytes():
    return gz(b"")


@case()
def archive_of_one_block():
    return gz(b"\0" * 512)


@case()
def archive_truncated_in_data():
    return gz(file(b"a", b"abc" * 400)[:1000])


@case()
def archive_truncated_in_padding():
    return gz(file(b"a", b"abc" * 400)[:512 + 1200])


@case()
def archive_truncated_in_header():
    return gz(LAST + header(b"b")[:300])


@case()
def archive_truncated_after_header():
    return gz(LAST + header(b"b", 5))


@case()
def archive_truncated_after_pax():
    return gz(LAST + pax((b"path", b"x")))


@case()
def archive_ends_after_pax():
    return gz(tar(LAST, pax((b"path", b"x"))))


@case()
def archive_is_noise():
    return gz(noise(100_000))


@case()
def size_larger_than_archive():
    return gz(header(b"b", 0o77777777777) + END)


@case()
def size_largest():
    return gz(header(b"b", base256((1 << 63) - 1, 12)) + END)


@case()
def size_negative():
    return gz(header(b"b", base256(-1, 12)) + END)


# ---- tar: names and links ------------------------------------------------------------------------


@case()
def name_not_utf8():
    return simple(file(b"caf\xe9/\xff\xfe"), header(b"l\xe9", type=b"2", link=b"\x80\x81"))


@case()
def name_not_utf8_pax():
    return simple(pax((b"path", b"caf\xe9/" + b"\xff" * 120)), file(b"x"))


@case()
def name_not_utf8_gnu():
    return simple(gnu_long(b"caf\xe9/" + b"\xff" * 120 + b"\0"), file(b"x", magic=GNU))


@case()
def name_pax_binary_charset():
    return simple(pax((b"hdrcharset", b"BINARY"), (b"path", b"caf\xe9")), file(b"x"))


@case()
def name_full_width():
    return simple(file(b"n" * 100), header(b"s", type=b"2", link=b"l" * 100))


@case()
def name_prefix():
    return simple(file(b"name", prefix=b"p" * 155), file(b"n", prefix=b"a/b/"))


@case()
def name_prefix_gnu_times():
    # Old GNU headers hold atime and ctime where ustar has the prefix.
    return simple(file(b"name", magic=GNU, prefix=field(1, 12) + field(2, 12)))


@case()
def name_long_gnu():
    return simple(gnu_long(b"d/" + b"m" * 200 + b"/" + b"n" * 200 + b"\0"), file(b"d/n", magic=GNU))


@case()
def name_long_gnu_no_nul():
    return simple(gnu_long(b"d/" + b"m" * 200 + b"/" + b"n" * 200), file(b"d/n", magic=GNU))


@case()
def name_long_gnu_nul_inside():
    return simple(gnu_long(b"short\0rest\0"), file(b"d/n", magic=GNU))


@case()
def name_long_gnu_twice():
    return simple(gnu_long(b"first\0"), gnu_long(b"second\0"), file(b"d/n", magic=GNU))


@case()
def name_long_gnu_and_link():
    return simple(gnu_long(b"a" * 150 + b"\0"), gnu_long(b"b" * 150 + b"\0", b"K"),
                  header(b"x", type=b"2", link=b"y", magic=GNU))


@case()
def name_long_gnu_after_pax():
    return simple(pax((b"path", b"from-pax")), gnu_long(b"from-gnu\0"), file(b"x"))


@case()
def name_pax_after_long_gnu():
    return simple(gnu_long(b"from-gnu\0"), pax((b"path", b"from-pax")), file(b"x"))


@case()
def name_long_gnu_1m():
    return simple(gnu_long(b"n" * ((1 << 20) - 1) + b"\0"), file(b"x", magic=GNU))


@case()
def name_long_gnu_2m():
    return simple(gnu_long(b"n" * (2 << 20)), file(b"x", magic=GNU))


@case()
def name_pax_4096():
    return simple(pax((b"path", b"/".join([b"d" * 63] * 64))), file(b"x"))


@case()
def name_component_300():
    return simple(pax((b"path", b"d/" + b"n" * 300)), file(b"x"))


@case()
def name_pax_with_nul():
    return simple(pax((b"path", b"a\0b")), file(b"x"))


@case()
def name_empty():
    return simple(file(b""))


@case()
def name_root():
    return simple(header(b"./", type=b"5", mode=0o755))


@case()
def name_root_slash():
    return simple(header(b"/", type=b"5", mode=0o755))


@case()
def name_root_twice():
    return simple(header(b"./", type=b"5", mode=0o700), header(b".", type=b"5", mode=0o755))


@case()
def name_dotdot():
    return simple(file(b"../../etc/passwd"), file(b"a/../b"))


@case()
def name_absolute():
    return simple(file(b"/usr/x"), file(b"//usr//y"), file(b"./usr/./z"))


@case()
def name_file_with_slash():
    return simple(file(b"d/", b""), file(b"e/", b"abc"))


@case()
def name_old_directory():
    return simple(header(b"d/", type=b"\0", magic=V7), file(b"d/f", type=b"\0", magic=V7))


@case()
def name_old_directory_with_data():
    return simple(file(b"d/", b"abc", type=b"\0", magic=V7))


@case()
def name_duplicate():
    return simple(file(b"a", b"one"), file(b"a", b"twotwo"))


@case()
def name_duplicate_other_spelling():
    return simple(file(b"a", b"one"), file(b"./a", b"twotwo"), file(b"/a", b"threethree"))


@case()
def name_file_then_directory():
    return simple(file(b"a"), header(b"a/", type=b"5"), file(b"a/b"))


@case()
def name_directory_then_file():
    return simple(header(b"a/", type=b"5"), file(b"a/b"), file(b"a"))


@case()
def name_below_file():
    return simple(file(b"a"), file(b"a/b"))


@case()
def name_below_symlink():
    return simple(header(b"s", type=b"2", link=b"d"), file(b"s/b"))


@case()
def name_duplicate_directory():
    return simple(header(b"a/", type=b"5", mode=0o700), file(b"a/b"), header(b"a/", type=b"5", mode=0o755))


@case()
def link_hard_chain():
    return simple(file(b"a"), *(header(b"l%d" % i, type=b"1", link=b"a" if i == 0 else b"l%d" % (i - 1)) for i in range(50)))


@case()
def link_hard_deep():
    deep = b"/".join([b"d"] * 40)
    return simple(file(deep + b"/a"), header(b"x/" + deep[:60] + b"/l", type=b"1", link=deep + b"/a"))


@case()
def link_hard_other_layer():
    return simple(header(b"l", type=b"1", link=b"not/in/this/layer"))


@case()
def link_hard_later():
    return simple(header(b"l", type=b"1", link=b"a"), file(b"a"))


@case()
def link_hard_self():
    return simple(header(b"l", type=b"1", link=b"l"))


@case()
def link_hard_directory():
    return simple(header(b"d/", type=b"5"), header(b"l", type=b"1", link=b"d"))


@case()
def link_hard_symlink():
    return simple(header(b"s", type=b"2", link=b"nowhere"), header(b"l", type=b"1", link=b"s"))


@case()
def link_hard_other_spelling():
    return simple(file(b"./d/a"), header(b"l", type=b"1", link=b"/d/./a"), header(b"m", type=b"1", link=b"d/a"))


@case()
def link_hard_to_replaced():
    return simple(file(b"a", b"one"), header(b"l", type=b"1", link=b"a"), file(b"a", b"two"))


@case()
def link_hard_over_file():
    return simple(file(b"a", b"one"), file(b"l", b"two"), header(b"l", type=b"1", link=b"a"))


@case()
def link_hard_empty_target():
    return simple(header(b"l", type=b"1"))


@case()
def link_hard_with_size():
    return simple(file(b"a"), header(b"l", 3, type=b"1", link=b"a"))


@case()
def link_hard_with_size_pax():
    return simple(file(b"a"), pax((b"size", b"3")), header(b"l", type=b"1", link=b"a"))


@case()
def link_symbolic_with_size():
    return simple(header(b"s", 5, type=b"2", link=b"there"))


@case()
def link_symbolic_empty():
    return simple(header(b"s", type=b"2"))


@case()
def directory_with_size():
    return simple(header(b"d/", 4096, type=b"5"))


@case()
def device_with_size():
    return simple(header(b"d", 4096, type=b"3", major=field(1, 8), minor=field(3, 8)))


@case()
def file_with_linkname():
    return simple(file(b"f", link=b"why"))


# ---- tar: numbers and times ----------------------------------------------------------------------


@case()
def number_base256():
    return simple(file(b"f", b"abc", size=base256(3, 12), uid=base256(3_000_000, 8), gid=base256(4_000_000_000, 8),
                       mtime=base256(1 << 34, 12), magic=GNU))


@case()
def number_spaces():
    return simple(file(b"f", b"abc", size=b"   3        ", uid=b" 17 \0", mode=b"644    \0", mtime=b"     14\0"))


@case()
def number_full_width():
    return simple(file(b"f", b"abc", size=b"000000000003", uid=b"00000017", mtime=b"077777777777"))


@case()
def number_empty():
    return simple(file(b"f", b"", size=b"", uid=b"", gid=b"", mode=b"", mtime=b""))


@case()
def number_not_octal():
    return simple(file(b"f", b"abc", uid=b"12x4567"))


@case()
def number_pax_ids():
    return simple(pax((b"uid", b"4294967295"), (b"gid", b"3000000"), (b"uname", b"me"), (b"gname", b"us")), file(b"f"))


@case()
def number_uid_too_large():
    return simple(pax((b"uid", b"5000000000")), file(b"f"))


@case()
def number_uid_negative():
    return simple(file(b"f", uid=base256(-1, 8), magic=GNU))


@case()
def number_device_large():
    return simple(header(b"d", type=b"3", major=b"7777777\0", minor=b"7777777\0"))


@case()
def number_mode_with_type():
    return simple(file(b"f", mode=0o100755), header(b"d/", type=b"5", mode=0o040755), file(b"g", mode=0o7777777))


@case()
def number_pax_size():
    return simple(pax((b"size", b"3")), file(b"f", size=0))


@case()
def number_pax_size_smaller():
    data = b"abc"
    return simple(pax((b"size", b"3")), file(b"f", data, size=77))


@case()
def number_pax_not_a_number():
    return simple(pax((b"uid", b"twelve")), file(b"f"))


@case()
def checksum_wrong():
    return simple(file(b"f", checksum=b"000000\0 "))


@case()
def checksum_signed():
    return simple(file(b"\xe9\xe8", checksum=lambda block: b"%06o\0 " % sum(b - 256 if b > 127 else b for b in block)))


def mtime(text):
    return simple(pax((b"mtime", text)), file(b"f"))


TIMES = {
    "negative": b"-5",
    "fraction": b"1700000000.123456789",
    "fraction-trailing-zeros": b"1700000000.120000000",
    "fraction-long": b"1700000000.1234567891234",
    "fraction-negative": b"-1.5",
    "fraction-negative-small": b"-0.000000001",
    "dot": b"5.",
    "year-9999": b"253402300799.999999999",
    "year-10000": b"253402300800",
    "year-0": b"-62167219200",
    "year-before-0": b"-62167219201",
    "largest": b"9223372036854775807",
    "not-a-number": b"soon",
    "empty-fraction-letters": b"1.5x",
    "plus": b"+5",
}
for _name, _text in TIMES.items():
    CASES[f"time-{_name}.tar.gz"] = lambda text=_text: mtime(text)


@case()
def time_base256_negative():
    return simple(file(b"f", mtime=base256(-100, 12), magic=GNU))


@case()
def time_pax_access_and_change():
    return simple(pax((b"atime", b"1.5"), (b"ctime", b"2.5"), (b"mtime", b"3.5")), file(b"f"))


# ---- tar: PAX records ----------------------------------------------------------------------------


@case()
def pax_xattr_binary():
    return simple(pax((b"SCHILY.xattr.security.capability", b"\x01\0\0\2\0\xff\n=\0"), (b"SCHILY.xattr.user.\xe9", b"v")), file(b"f"))


@case()
def pax_xattr_empty():
    return simple(pax((b"SCHILY.xattr.user.a", b"")), file(b"f"))


@case()
def pax_xattr_empty_among_others():
    # The snapshotter's store keeps an empty value only if it happens to be the first: of two it loses one.
    return simple(pax(*((b"SCHILY.xattr.user.%d" % i, b"v") for i in range(20)), (b"SCHILY.xattr.user.e", b""), (b"SCHILY.xattr.user.f", b"")), file(b"f"))


@case()
def pax_xattr_gone_in_second_directory():
    return simple(pax((b"SCHILY.xattr.user.a", b"v")), header(b"d/", type=b"5"), header(b"d/", type=b"5"), file(b"d/f"))


@case()
def pax_xattr_long():
    return simple(pax(*((b"SCHILY.xattr.user.%03d" % i, noise(200, i)) for i in range(300))), file(b"f"))


@case()
def pax_xattr_on_everything():
    x = pax((b"SCHILY.xattr.user.a", b"b"))
    return simple(x, header(b"d/", type=b"5"), x, file(b"d/f"), x, header(b"s", type=b"2", link=b"d"), x,
                  header(b"l", type=b"1", link=b"d/f"))


@case()
def pax_libarchive_xattr():
    return simple(pax((b"LIBARCHIVE.xattr.user.a", b"Yg=="), (b"SCHILY.acl.access", b"user::rwx")), file(b"f"))


@case()
def pax_empty_values():
    return simple(pax((b"path", b""), (b"uname", b""), (b"comment", b"")), file(b"f", uname=b"me"))


@case()
def pax_two_headers():
    return simple(pax((b"path", b"first"), (b"uid", b"5")), pax((b"path", b"second")), file(b"f"))


@case()
def pax_key_twice():
    return simple(pax((b"path", b"first"), (b"path", b"second"), (b"comment", b"a"), (b"comment", b"b")), file(b"f"))


@case()
def pax_no_records():
    return simple(file(b"x", b"", type=b"x"), file(b"f"))


@case()
def pax_global():
    return simple(pax((b"comment", b"abc"), type=b"g"), file(b"f"))


@case()
def pax_global_last():
    return simple(file(b"f"), pax((b"comment", b"abc"), type=b"g"))


@case()
def pax_record_too_long():
    return simple(file(b"x", b"99 path=abc\n", type=b"x"), file(b"f"))


@case()
def pax_record_without_equals():
    return simple(file(b"x", b"7 path\n", type=b"x"), file(b"f"))


@case()
def pax_record_without_newline():
    return simple(file(b"x", b"8 a=bcde", type=b"x"), file(b"f"))


@case()
def pax_record_zero_length():
    return simple(file(b"x", b"0 path=abc\n", type=b"x"), file(b"f"))


@case()
def pax_record_empty_key():
    return simple(pax((b"", b"abc")), file(b"f"))


@case()
def pax_record_nul_in_key():
    return simple(pax((b"a\0b", b"abc")), file(b"f"))


@case()
def pax_large():
    return simple(pax((b"comment", b"c" * ((1 << 20) - 100))), file(b"f"))


@case()
def pax_too_large():
    return simple(pax((b"comment", b"c" * (2 << 20))), file(b"f"))


@case()
def pax_linkpath():
    return simple(pax((b"linkpath", b"t" * 200)), header(b"s", type=b"2", link=b"t"))


# ---- tar: odd members ----------------------------------------------------------------------------


@case()
def sparse_gnu():
    sparse = bytearray(header(b"s", 512, type=b"S", magic=GNU))
    sparse[386:386 + 24] = field(0, 12) + field(512, 12)
    sparse[483:495] = field(1 << 20, 12)
    sparse[148:156] = b" " * 8
    sparse[148:156] = b"%06o\0 " % sum(sparse)
    return simple(bytes(sparse) + b"x" * 512)


@case()
def sparse_pax_0_0():
    return simple(pax((b"GNU.sparse.size", b"1000000"), (b"GNU.sparse.numblocks", b"1"), (b"GNU.sparse.offset", b"0"),
                      (b"GNU.sparse.numbytes", b"3")), file(b"s"))


@case()
def sparse_pax_0_1():
    return simple(pax((b"GNU.sparse.size", b"1000000"), (b"GNU.sparse.numblocks", b"1"), (b"GNU.sparse.map", b"0,3"),
                      (b"GNU.sparse.name", b"sparse")), file(b"s"))


@case()
def sparse_pax_1_0():
    data = padded(b"1\n0\n3\n") + b"abc"
    return simple(pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.name", b"sparse"),
                      (b"GNU.sparse.realsize", b"1000000")), file(b"s", data))


TYPES = {"contiguous": b"7", "volume": b"V", "dump-directory": b"D", "multi-volume": b"M", "old-long-name": b"N",
         "solaris": b"X", "reserved": b"8", "letter": b"z", "high": b"\xff"}
for _name, _type in TYPES.items():
    CASES[f"type-{_name}.tar.gz"] = lambda type=_type: simple(file(b"odd", type=type))


@case()
def whiteouts():
    return simple(file(b".wh.gone", b""), file(b"d/.wh..wh..opq", b""), file(b"d/.wh.with-data", b"abc"))


@case()
def whiteouts_aufs():
    return simple(file(b".wh..wh.plnk/1.2", b"abc"), file(b"d/.wh..wh.aufs", b""))


@case()
def name_of_snapshotter():
    return simple(file(b".soci-snapshotter", b"abc"))


@case()
def sizes_at_borders():
    sizes = [0, 1, 511, 512, 513, 1023, 1024, 32767, 32768, 32769, (4 << 20) - 512, 4 << 20, (4 << 20) + 1]
    return gz(tar(*(file(b"s%d" % size, words(size, size)) for size in sizes), LAST), 1)


@case()
def many_members():
    return gz(tar(*(file(b"d%02d/f%05d" % (i % 97, i), b"%d\n" % i) for i in range(20_000))), 1)


@case()
def deep_folders():
    return simple(*(pax((b"path", b"/".join([b"d"] * depth) + b"/f")) + file(b"x") for depth in range(1, 500, 25)))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, make in CASES.items():
        with open(os.path.join(sys.argv[1], name), "wb") as out:
            out.write(make())


if __name__ == "__main__":
    main()
