"""python -m scripts.topology: the processes of docker-compose.yml on this machine, until Ctrl-C."""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

from scripts.topology.configured import Missing
from scripts.topology.running import running_topology


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="glucose-topology-") as directory:
        try:
            with running_topology(Path(directory)) as topology:
                print(f"{topology.address} (certificate of {topology.root_certificate}); Ctrl-C stops everything.")
                for name, process in topology.running.items():
                    print(f"{name:10} process {process.pid} {topology.ports.get(name, '')}")
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
        except Missing as missing:
            print(missing, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
