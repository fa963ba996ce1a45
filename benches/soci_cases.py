"""SOCI: one layer and whole images beside the official library, and releases with and without.

The official command line program cannot be had as a module; `soci-oracle-v0.15` calls the same
library functions (testdata/tools/soci-oracle), without the copies of the image that the program
makes, so it is the faster of the two.
"""

import os
import shutil
import subprocess

from measure import Command, measured
from parts import LAUNCHWAY, PARTS, ROOT
from report import Report, Row

OFFICIAL = PARTS / "bin/soci-oracle-v0.15"
CRANE = PARTS / "bin/crane"

NOTES = [
    "One layer: a file in the page cache to a zTOC. Launchway also checks the layer's digest and diffID and tries every span out; the official library does neither.",
    "Two platforms: from an image in a registry on this machine to the same image with SOCI indexes there. The official way needs `crane pull` and `crane push` around the conversion, and a copy of the image on disk.",
    "Releases: a Debian tree of two platforms in one layer each, on one daemon. Cold: the daemon's cache is pruned and Launchway's own zTOCs are removed before each run (not timed), and nothing is known from a baseline.",
    "One-file change: another small layer above that tree; zTOCs are known from the baseline. Each run releases a change that it has not seen.",
    "What bounds one layer: the thread that inflates. Of a 692 MB tar it takes 1.8 s of CPU, 1.4 s of them inflate and CRC alone; both digests (0.8 s) are made on a second thread, and parsing the archive is the rest.",
    "Peak memory is that of the largest single process: `soci attach` does in one what the official way does in three.",
    "Machines decompress at different speeds: compare ratios.",
]

BAKE = """
variable "REGISTRY" {}
variable "NAME" { default = "image" }
target "default" {
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${REGISTRY}/${NAME}:live"]
}
"""

DOCKERFILE = """
FROM scratch
ARG TARGETARCH
COPY tree /tree
COPY ${TARGETARCH} /arch
COPY message /message
"""


def tree(bench, megabytes):
    """A folder with real files of this machine's /usr, about so large."""
    folder = bench.work / "tree"
    folder.mkdir()
    left = megabytes << 20
    for source in ("/usr/lib", "/usr/share", "/usr/bin"):
        for root, _, names in os.walk(source):
            for name in names:
                path = os.path.join(root, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                size = os.path.getsize(path)
                if size > left:
                    return folder
                left -= size
                target = folder / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    return folder


def project(bench, source):
    """A project whose image holds the tree, once per platform (the same tree, another layer each)."""
    folder = bench.work / "soci"
    folder.mkdir()
    source.rename(folder / "tree")
    for arch in ("amd64", "arm64"):
        # Different contents, so that nothing is shared between the platforms.
        shutil.copytree(folder / "tree", folder / arch / "copy", symlinks=True)
        (folder / arch / "copy" / "arch").write_text(arch)
    shutil.rmtree(folder / "tree")
    (folder / "tree").mkdir()
    (folder / "tree/empty").write_text("")
    (folder / "message").write_text("hello\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "docker-bake.hcl").write_text(BAKE)
    (folder / "launchway.hcl").write_text('release { baseline = "tag:live" }\nsoci {}\n')
    (folder / ".dockerignore").write_text(".git\nlaunchway-out\n")
    (folder / ".gitignore").write_text("amd64\narm64\nlaunchway-out\n")
    return bench.repository(folder)


def cases(bench, options):
    """Yields a Row per case."""
    source = tree(bench, options.layer_mb)
    yield from one_layer(bench, source, options)
    folder = project(bench, source)
    yield from releases(bench, folder, options)
    yield whole_image(bench, options)


def one_layer(bench, source, options):
    """The same layer with both builders, at BuildKit's level of compression and at gzip's."""
    ours = ROOT / "target/release/examples/index_layer"
    archive = bench.work / "layer.tar"
    bench.run(["tar", "--sort=name", "--owner=0", "--group=0", "-C", source, "-cf", archive, "."])
    layers = {"gzip -6": bench.work / "layer.tar.gz", "Go gzip": bench.work / "layer.go.tar.gz"}
    with open(layers["gzip -6"], "wb") as out:
        subprocess.run(["gzip", "-6", "-c", archive], stdout=out, check=True)
    with open(layers["Go gzip"], "wb") as out, open(archive, "rb") as tar:
        subprocess.run([OFFICIAL, "gzip", "-1"], stdin=tar, stdout=out, check=True)
    size = archive.stat().st_size >> 20
    archive.unlink()
    for name, layer in layers.items():
        case = f"one layer, {layer.stat().st_size >> 20} MiB of {name}, {size} MiB of tar"
        commands = {
            "launchway": Command([str(ours), str(layer)], str(bench.work), bench.env),
            "official": Command([str(OFFICIAL), "build", str(layer), str(bench.work / "official.ztoc")],
                                str(bench.work), {**bench.env, "TZ": "UTC"}),
        }
        yield measured(Row(case, "launchway", 0.25, peer="official"), commands,
                       rounds=options.cold_rounds, warm_ups=1)
        layer.unlink()


def releases(bench, folder, options):
    """Cold, and after a change of one file."""
    name = bench.launchway(folder, "release", "--baseline", "none", "--no-soci")
    plain = Command(name.argv, name.cwd, {**name.env, "NAME": "plain"})
    lazy = bench.launchway(folder, "release", "--baseline", "none", "--soci")
    lazy = Command(lazy.argv, lazy.cwd, {**lazy.env, "NAME": "image"})

    def cold(_):
        bench.prune()
        shutil.rmtree(bench.work / "state/ztocs", ignore_errors=True)

    yield measured(Row("cold release, two platforms, with SOCI beside without", "SOCI", 1.05, peer="plain", memory=False),
                   {"SOCI": lazy, "plain": plain}, rounds=options.cold_rounds, warm_ups=0, before=cold)

    # The changes come from the same command line, and differ in every run.
    count = 0

    def change(_):
        nonlocal count
        count += 1
        (folder / "message").write_text(f"hello {count}\n")
        shutil.rmtree(bench.work / "state/ztocs", ignore_errors=True)

    def release(kind, name):
        command = bench.launchway(folder, "release", kind)
        return Command(command.argv, command.cwd, {**command.env, "NAME": name})

    yield measured(Row("one file changed, with SOCI beside without", "SOCI", 1.2, peer="plain", memory=False),
                   {"SOCI": release("--soci", "image"), "plain": release("--no-soci", "plain")},
                   rounds=options.rounds, warm_ups=1, before=change)


def whole_image(bench, options):
    """From a registry to a registry."""
    plain = f"{bench.registry}/plain:live"
    script = bench.work / "official.sh"
    layout, out = bench.work / "layout", bench.work / "converted"
    script.write_text(
        "set -e\n"
        f"rm -rf {layout} {out}\n"
        f"{CRANE} pull --format=oci {plain} {layout}\n"
        f"{OFFICIAL} convert {layout} {out} all\n"
        f"{CRANE} push --index {out} {bench.registry}/official:live\n"
    )
    attach = bench.launchway(bench.work, "soci", "attach", "--no-cache", "--tag", "lazy", plain)

    def forget(tool):
        # What the last run pushed must not be found; the layers stay.
        if tool == "official":
            return
        reference = f"{bench.registry}/plain"
        for line in bench.run([CRANE, "ls", reference]).splitlines():
            if line == "lazy":
                index = bench.run([CRANE, "digest", f"{reference}:lazy"])
                bench.run([CRANE, "delete", f"{reference}@{index}"])

    size = sum(int(part) for part in bench.run(
        ["sh", "-c", f"{CRANE} manifest --platform linux/amd64 {plain} | tr ',{{}}' '\\n' | sed -n 's/.*\"size\": *//p'"]
    ).split() if part.isdigit()) >> 20
    return measured(
        Row(f"two platforms of {size} MiB each, registry to registry", "launchway", 0.5, peer="official", memory_goal=0),
        {
            "launchway": attach,
            "official": Command(["sh", str(script)], str(bench.work), {**bench.env, "TZ": "UTC"}),
        },
        rounds=options.cold_rounds, warm_ups=0, before=forget,
    )


def report(bench, options):
    """Runs the cases."""
    bench.run(["cargo", "build", "--release", "--locked", "--quiet", "-p", "launchway-soci", "--example", "index_layer"],
              cwd=ROOT)
    assert LAUNCHWAY.exists()
    return Report(
        title="SOCI indexes: Launchway and the official library",
        intro="Whole processes, taking turns, on the same files, daemon and registry.",
        peer="official library, or without SOCI",
        memory_goal=0.5,
        rows=list(cases(bench, options)),
        notes=NOTES,
    )
