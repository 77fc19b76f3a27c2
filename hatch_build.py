"""What a package index shows: README.md without its pictures and links into the repository, which are dead there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

HERE = r"(?!https?:|#)[^)]+"  # an address that is a file of the repository


def shown_anywhere(readme: str) -> str:
    """Return the text with each picture in words, and each link to a file as what it reads."""
    pictures = re.sub(rf"!\[([^\]]*)\]\({HERE}\)", r"*Figure: \1.*", readme)
    return re.sub(rf"\[([^\]]*)\]\({HERE}\)", r"\1", pictures)


class Readme(MetadataHookInterface):
    """Fills in the one dynamic field."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the readme of the project's metadata."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": shown_anywhere(text)}
