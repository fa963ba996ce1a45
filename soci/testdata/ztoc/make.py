#!/usr/bin/env python3
"""Writes the layers of these cases and lets the official library build their zTOCs.

    make.py ORACLE_V0_11 ORACLE_V0_15

The oracles are built from testdata/tools/soci-oracle. Every case gets `layer` and `official.ztoc`;
it is an error if both versions of the library do not agree on the latter, except where
ONLY_NEW says that they cannot.
"""

import gzip
import io
import os
import pathlib
import random
import struct
import subprocess
import sys
import tarfile
import zlib

HERE = pathlib.Path(__file__).parent
TOOL = "AWS SOCI CLI v0.2"
# Builders before v0.14 stop at the end of the first gzip member.
ONLY_NEW = {"members"}

rng = random.Random(4)


def text(length):
    return bytes(rng.choice(b"abcdefgh \n") for _ in range(length))


def add(archive, name, data=None, **fields):
    info = tarfile.TarInfo(name)
    info.mtime = 1700000000
    for key, value in fields.items():
        setattr(info, key, value)
    if data is not None:
        info.size = len(data)
    archive.addfile(info, io.BytesIO(data) if data is not None else None)


def tar(fill, format):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format, encoding="utf-8", errors="surrogateescape") as archive:
        fill(archive)
        archive.fileobj.write(b"\0" * 1024)
        size = archive.fileobj.tell()
    # tarfile pads to 10 KiB; layers end after two zero blocks.
    return out.getvalue()[:size]


def pax(archive):
    add(archive, "./", type=tarfile.DIRTYPE, mode=0o755)
    add(archive, "./usr/", type=tarfile.DIRTYPE, mode=0o1777, mtime=1700000000.25)
    add(archive, "./usr/one", text(2100), mode=0o4755, uid=1000, gid=3000000, uname="me", gname="us")
    add(archive, "./usr/two", text(1900), mtime=1700000000.123456,
        pax_headers={"SCHILY.xattr.security.capability": "\x01\0\0\2\0", "SCHILY.xattr.user.a": "b", "comment": "hi"})
    add(archive, "./usr/" + "x" * 180 + "/long", b"abc")
    add(archive, "./usr/b\udcffd", b"not UTF-8")
    add(archive, "./usr/empty", b"", mtime=-5.5)
    add(archive, "usr/link", type=tarfile.SYMTYPE, linkname="one", mode=0o777)
    add(archive, "usr/hard", type=tarfile.LNKTYPE, linkname="./usr/one")
    add(archive, "dev/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
    add(archive, "dev/sda", type=tarfile.BLKTYPE, devmajor=8, devminor=0)
    add(archive, "run/pipe", type=tarfile.FIFOTYPE)
    add(archive, "usr/.wh.gone", b"")
    add(archive, "./usr/one", text(700))


def gnu(archive):
    add(archive, "etc/" + "n" * 120, text(1500), mode=0o600, uid=5000000)
    add(archive, "etc/link", type=tarfile.SYMTYPE, linkname="l" * 130)
    add(archive, "etc/last", text(600))


def deflate(data, block=128, level=9):
    """Deflate blocks of few symbols, so that spans of a few hundred bytes are possible."""
    packer = zlib.compressobj(level, zlib.DEFLATED, -15, 1)
    return packer.compress(data) + packer.flush()


def gz(data, header=b"\x1f\x8b\x08\0\0\0\0\0\0\xff", body=None):
    body = deflate(data) if body is None else body
    return header + body + struct.pack("<II", zlib.crc32(data), len(data))


def synced(data):
    """Byte-aligned blocks: spans without bits."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    out = b"".join(packer.compress(data[i:i + 900]) + packer.flush(zlib.Z_SYNC_FLUSH) for i in range(0, len(data), 900))
    return out + packer.flush()


def main(old, new):
    pax_tar = tar(pax, tarfile.PAX_FORMAT)
    gnu_tar = tar(gnu, tarfile.GNU_FORMAT)
    half = len(pax_tar) // 2
    cases = {
        # name: (layer, span size, time zone)
        "pax": (gz(pax_tar), 6000, "UTC"),
        "gnu": (gz(gnu_tar, b"\x1f\x8b\x08\x08\0\0\0\0\0\xfflayer.tar\0"), 2000, "UTC"),
        "synced": (gz(gnu_tar, body=synced(gnu_tar)), 3000, "UTC"),
        "members": (gz(pax_tar[:half]) + gz(pax_tar[half:]), 8000, "UTC"),
        "uncompressed": (pax_tar, 4000, "UTC"),
        "zone": (gz(gnu_tar), 4 << 20, "America/New_York"),
        "no-end": (gz(gnu_tar[:-1024]), 4 << 20, "UTC"),
        "padded": (gz(gnu_tar + b"\0" * 8192), 5000, "UTC"),
        "empty": (gz(b"\0" * 1024), 4 << 20, "UTC"),
    }
    for name, (layer, span_size, zone) in cases.items():
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        (folder / "layer").write_bytes(layer)
        built = {}
        for oracle in (old, new):
            out = folder / "official.ztoc"
            command = [oracle, "build", folder / "layer", out, str(span_size), TOOL]
            subprocess.run(command, check=True, env={**os.environ, "TZ": zone}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            built[oracle] = out.read_bytes()
        if name not in ONLY_NEW:
            assert built[old] == built[new], name
        print(f"{name}: layer {len(layer)}, zTOC {len(built[new])}")


main(*sys.argv[1:])
