"""Damage files at random and load them: python tests/sim/data/mutate.py COUNT SEED, in a process of its own.

In a process of its own, because what counts is the memory that the machine gives (the peak of the resident set, which
tracemalloc, blind to zlib and to pandas' parser, does not see), and that peak must not be another test's.
"""

import gzip
import io
import json
import pickle
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from sim import DataError, load_data
from sim.data.idx import write_idx

SIZES = (b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0" * 4, b"\xff" * 8, b"9999999999", b"-1", b"nan", b'"')


def originals(rng):
    """Small whole files of every form: a name, the bytes, and how they are packed around damage."""
    images = rng.integers(0, 256, (42, 4, 4), dtype="u1")
    labels = np.arange(42, dtype="u1") % 5
    pairs = tuple((images[:n].astype("f4") / 255, labels[:n].astype("i8")) for n in (20, 12, 10))
    with tempfile.TemporaryDirectory() as folder:
        write_idx(Path(folder) / "images", images)
        idx = (Path(folder) / "images").read_bytes()
    archives = {}
    for save in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        save(stream, images=images, labels=labels)
        archives[save] = stream.getvalue()
    rows = [f"{label},{','.join(map(str, image.ravel()))}" for label, image in zip(labels, images, strict=True)]
    heading = "label," + ",".join(f"pixel{i}" for i in range(16))
    old = pickle.dumps(pairs, 2).replace(b"numpy._core", b"numpy.core")
    return [
        ("x-images-idx3-ubyte", idx, lambda b: b),
        ("x-images-idx3-ubyte.gz", idx, gzip.compress),
        ("plain.npz", archives[np.savez], lambda b: b),
        ("packed.npz", archives[np.savez_compressed], lambda b: b),
        ("inside.npz", archives[np.savez], mended_zip),  # damaged arrays in a sound archive
        *((f"mnist{p}.pkl.gz", pickle.dumps(pairs, p), gzip.compress) for p in range(6)),
        ("mnist.pkl", old, lambda b: b),
        ("kaggle.csv", "\n".join([heading, *rows]).encode(), lambda b: b),
        ("plain.csv.gz", "\n".join(rows).encode(), gzip.compress),
    ]


def mended_zip(content):
    """Write an archive whose checksums and sizes fit the damaged members again."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        middle = content.find(b"PK\x03\x04", 4)
        for name, part in (("images.npy", content[:middle]), ("labels.npy", content[middle:])):
            archive.writestr(name, part[part.find(b"\x93NUMPY") :])
    return stream.getvalue()


def damaged(content, rng):
    """Change a few bytes, cut, repeat, leave out, or put in numbers that sizes are made of."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        # Headers matter most: half of the damage is in the first hundred bytes.
        at = int(rng.integers(0, min(len(content), 100) if rng.random() < 0.5 else len(content)))
        kind = rng.integers(7)
        if kind == 0:
            content[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            content[at : at + 4] = rng.bytes(4)
        elif kind == 2:
            del content[max(at, 1) :]
        elif kind == 3:
            content[at:at] = content[at : at + int(rng.integers(1, 40))]
        elif kind == 4:
            del content[at : at + int(rng.integers(1, 20))]
        elif kind == 5:
            number = SIZES[rng.integers(len(SIZES))]
            content[at : at + len(number)] = number
        else:
            content[at] = int(rng.integers(256))
        if not content:
            break
    return bytes(content)


def peak_bytes():
    """The peak of this process's resident set; Linux' VmHWM, because ru_maxrss may be that of the parent."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def survey(count, seed, load=load_data):
    """Load `count` damaged files; return what was loaded, refused, raised, the longest time and the peak of memory."""
    rng = np.random.default_rng(seed)
    files = originals(rng)
    loaded, refused, slowest, raised = 0, 0, 0.0, []
    with tempfile.TemporaryDirectory() as folder:
        write_idx(Path(folder) / "x-labels-idx1-ubyte", np.arange(42) % 5)
        for i in range(count):
            name, content, pack = files[i % len(files)]
            path = Path(folder) / name
            try:
                path.write_bytes(pack(damaged(content, rng)))
            except UnicodeError:
                continue
            start = time.perf_counter()
            try:
                load(path)
                loaded += 1
            except DataError as error:
                refused += 1
                if name not in str(error) or "\n" in str(error):
                    raised.append(f"{name} {i}: not one line that names the file: {error!s:.300}")
            except Exception as error:  # noqa: BLE001  what must not happen is what is counted here
                raised.append(f"{name} {i}: {type(error).__name__}: {error!s:.300}")
            slowest = max(slowest, time.perf_counter() - start)
            path.unlink()
    return {"loaded": loaded, "refused": refused, "raised": raised, "slowest": slowest, "peak": peak_bytes()}


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("error")
    sys.stdout.write(json.dumps(survey(*map(int, sys.argv[1:3]))))
