"""Makes vectors/disk-*: small disks of our own contents as Hercules' tools compress them.

Needs Hercules 3.13 (ckd2cckd, fba2cfba, cckdswap) and, for the 64-bit files, SDL Hyperion's dasdcopy64, in the folder
given as argument. The tests read the files and compare them with `sample_disk`, which writes what the tools were given.

    python make_disk_vectors.py [FOLDER]
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from sampledisk import SampleBlocks, SampleDisk

from cpvm.machine.media.images.writing import write_ckd, write_fba

VECTORS = Path(__file__).parent / "vectors"


def main() -> None:
    """Run the tools."""
    hyperion = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_ckd(folder / "s.ckd", SampleDisk())
        write_fba(folder / "s.fba", SampleBlocks())

        def run(*words: str) -> None:
            subprocess.run(words, cwd=folder, check=True, capture_output=True)

        run("ckd2cckd", "s.ckd", "disk-zlib.cckd")
        run("ckd2cckd", "-bz2", "s.ckd", "disk-bzip2.cckd")
        shutil.copy(folder / "disk-zlib.cckd", folder / "disk-swapped.cckd")
        run("cckdswap", "disk-swapped.cckd")
        run("fba2cfba", "s.fba", "disk-zlib.cfba")
        if hyperion is not None:
            run(str(hyperion / "dasdcopy64"), "-z", "s.ckd", "disk-zlib.cckd64")
            run(str(hyperion / "dasdcopy64"), "-bz2", "s.ckd", "disk-bzip2.cckd64")
        for path in sorted(folder.glob("disk-*")):
            shutil.copy(path, VECTORS / path.name)
            print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
