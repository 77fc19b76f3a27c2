"""What the built files hold: the sdist all that the repository does, the wheel the packages alone."""

import subprocess
import sys
import tarfile
import zipfile

sdist, wheel = sys.argv[1:]
tracked = set(subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")[:-1])
with tarfile.open(sdist) as archive:
    held = {name.partition("/")[2] for name in archive.getnames()}
with zipfile.ZipFile(wheel) as archive:
    installed = set(archive.namelist())
    (metadata,) = (archive.read(name).decode() for name in installed if name.endswith("/METADATA"))
if tracked - held:
    sys.exit(f"the sdist lacks {sorted(tracked - held)}")
packages = ("tailoff", "theory", "sim", "reports")
if wrong := [name for name in installed if name.partition("/")[0] not in packages and ".dist-info/" not in name]:
    sys.exit(f"the wheel holds {wrong}")
if lost := [name for name in tracked if name.partition("/")[0] in packages and name not in installed]:
    sys.exit(f"the wheel lacks {lost}")
if "](docs/" in metadata:
    sys.exit("the description has links that are dead on a package index")
print(f"the sdist holds {len(held)} files, the wheel {len(installed)}")
