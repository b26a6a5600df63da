"""Writes index/priors/*.npz: the calibration that the present knowledge base teaches, as a prior for small ones.

Run after the features of index/calibration.py change; the present knowledge base is then fitted without a prior.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from bot.bootstrap import index_settings
from bot.config import find_config, load_config
from index import retriever
from index.builtin_model import ModelUnavailable
from index.retriever import Retriever
from knowledge.loader import load_knowledge

PRIORS = Path(retriever.__file__).parent / "priors"


def main() -> None:
    """Build both indexes aside, without a prior, and keep their calibrations."""
    config = load_config(find_config(None))
    knowledge = load_knowledge(config.path(config.knowledge.folder))
    settings = index_settings(config)
    retriever.default_prior = lambda with_vectors: None  # what is learned here must not lean on what was
    PRIORS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder)
        vectors = settings.folder / "vectors.npz"
        if vectors.exists():
            shutil.copy(vectors, aside / "vectors.npz")
        for name, model in (("full", settings.model_name), ("lexical", "/no/model")):
            built = Retriever.load(knowledge, replace(settings, folder=aside, model_name=model, adapter=None), print)
            if (name == "full") != (built.mode == "full"):
                raise ModelUnavailable("no model, no prior for it")
            revision = aside / name / (aside / name / "CURRENT").read_text("utf8")
            shutil.copy(revision / "calibration.npz", PRIORS / f"{name}.npz")
            print(name, (PRIORS / f"{name}.npz").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
