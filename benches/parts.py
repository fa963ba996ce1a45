"""The parts that all benchmarks share: a registry, a buildkitd, and commands with their environments.

Everything listens on loopback and on a Unix socket, and is stopped at the end.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

from measure import Command

ROOT = Path(__file__).resolve().parent.parent
PARTS = Path(os.environ.get("LAUNCHWAY_TEST_PARTS", ROOT / ".deps"))
LIBEXEC = Path(os.environ.get("LAUNCHWAY_LIBEXEC", ROOT / "dist/libexec/launchway"))
LAUNCHWAY = Path(os.environ.get("LAUNCHWAY_BIN", ROOT / "dist/bin/launchway"))
BUILDX = PARTS / "bin/buildx"

# buildkit/engine/buildkitd.toml explains these; garbage is not collected, so that runs compare.
BUILDKITD = """
root = "{folder}/root"
provenanceEnvDir = "{folder}/provenance.d"
[grpc]
  address = ["unix://{folder}/buildkitd.sock"]
[otel]
  socketPath = "{folder}/otel.sock"
[cdi]
  disabled = true
[worker.containerd]
  enabled = false
[worker.oci]
  networkMode = "host"
  gc = false
"""

class Bench:
    """Folders, daemon, registry, environments."""

    def __init__(self, work):
        self.work = work
        self.daemon = None
        self.registry_pid = None

    def start(self):
        self.registry = self.start_registry()
        self.socket = self.start_buildkitd()
        self.run([ROOT / "scripts/base-images.sh", self.registry])
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work),
            "REGISTRY": self.registry,
        }
        self.buildx_env = {**self.env, "BUILDX_CONFIG": str(self.work / "buildx"), "TAG": "buildx"}
        self.launchway_env = {
            **self.env,
            "BUILDKIT_HOST": f"unix://{self.socket}",
            "LAUNCHWAY_STATE_DIR": str(self.work / "state"),
            "LAUNCHWAY_LIBEXEC": str(LIBEXEC),
            "TAG": "launchway",
        }
        self.run(
            [BUILDX, "create", "--name", "bench", "--driver", "remote", f"unix://{self.socket}"],
            env=self.buildx_env,
        )

    def run(self, argv, **options):
        done = subprocess.run(
            [str(word) for word in argv], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
        )
        if done.returncode != 0:
            raise SystemExit(f"bench: {' '.join(map(str, argv))} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout.strip()

    def start_registry(self):
        folder = self.work / "registry"
        address = self.run([ROOT / "scripts/local-registry.sh", folder])
        self.registry_pid = int((folder / "pid").read_text())
        return address

    def start_buildkitd(self):
        folder = self.work / "buildkit"
        folder.mkdir()
        socket = folder / "buildkitd.sock"
        config = folder / "buildkitd.toml"
        config.write_text(BUILDKITD.format(folder=folder))
        with open(folder / "log", "wb") as log:
            self.daemon = subprocess.Popen(
                [LIBEXEC / "buildkitd", "--config", config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while not socket.exists():
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"bench: buildkitd did not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.05)
        return socket

    def prune(self):
        """Empties the daemon's cache."""
        self.run([BUILDX, "prune", "--builder", "bench", "--all", "--force"], env=self.buildx_env)

    def stop(self):
        if self.daemon is not None:
            self.daemon.terminate()
            self.daemon.wait(timeout=30)
        if self.registry_pid is not None:
            os.kill(self.registry_pid, signal.SIGTERM)

    def launchway(self, folder, *words):
        return Command([str(LAUNCHWAY), *words], str(folder), self.launchway_env)

    def buildx(self, folder, *targets):
        words = ["bake", "--builder", "bench", "--push", "--provenance=false", "--progress=plain"]
        return Command([str(BUILDX), *words, *targets], str(folder), self.buildx_env)

    def repository(self, folder):
        """Makes the folder a git repository with one commit, as projects are."""
        git = ["git", "-C", folder, "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        self.run([*git, "init", "--quiet"])
        self.run([*git, "add", "."])
        self.run([*git, "commit", "--quiet", "--message", "bench"])
        return folder
