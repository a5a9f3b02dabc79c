"""A release's folder made up for tests: what people scored can be seen in the texts and the pictures."""

import io
import json
import random

import numpy as np
from PIL import Image, ImageFilter

TOML = """
key = "two"
title = "Two"
[[dimensions]]
key = "TCC"
name = "Text"
needs = ["text"]
levels = [0, 1, 2, 3, 4, 5]
missing = 0
[[dimensions]]
key = "IQ"
name = "Picture"
needs = ["image"]
levels = [1, 2, 3]
"""
SENTENCE = "The river rose in the night and the bridge gave way. "


def write_release(folder, *, questions=40, answers=3, test_share=0.25, calibration=0, seed=1, raters=3):
    """Write a release of samples whose text is as long, and whose picture as sharp, as its scores are high."""
    chance = random.Random(seed)
    (folder / "images").mkdir(parents=True)
    (folder / "rubric.toml").write_text(TOML)
    lines = {"train": [], "test": []}
    for question in range(questions):
        part = "test" if question < questions * test_share else "train"
        kept = part == "train" and question >= questions - calibration
        for answer in range(answers):
            name = f"q{question}-{answer}"
            lines[part].append(json.dumps(_line(folder, name, f"q{question}", part, kept, chance, raters)))
    for part, some in lines.items():
        (folder / f"{part}.jsonl").write_text("".join(line + "\n" for line in some))
    return folder


def _line(folder, name, question, part, calibration, chance, raters):
    text, sharp = chance.random(), chance.random()
    answer = SENTENCE * (1 + round(9 * text)) if chance.random() > 0.1 else None
    image = None
    if chance.random() > 0.1:
        image = f"images/{name}.png"
        (folder / image).write_bytes(_picture(sharp, chance.randrange(10_000)))
    tcc = [min(5, max(0, round(5 * text + chance.gauss(0, 0.4)))) for _ in range(raters)] if answer else []
    iq = [min(3, max(1, round(1 + 2 * sharp + chance.gauss(0, 0.3)))) for _ in range(raters)] if image else []
    final = {"TCC": _middle(tcc) if tcc else 0, "IQ": _middle(iq)}
    return {
        "id": name,
        "question_id": question,
        "question": f"What happened on day {question}?",
        "answer": answer,
        "image": image,
        "generator": chance.choice(["a", "b"]),
        "part": part,
        "calibration": calibration,
        "final": final,
        "histogram": {
            "TCC": [tcc.count(level) for level in range(6)],
            "IQ": [iq.count(level) for level in (1, 2, 3)],
        },
        "mean": {"TCC": sum(tcc) / len(tcc) if tcc else None, "IQ": sum(iq) / len(iq) if iq else None},
        "outcome": {"TCC": "reviewed", "IQ": "reviewed"},
        "label_origin": "blind",
        "annotators": raters,
        "rubric": "two@1",
    }


def _middle(values):
    return sorted(values)[(len(values) - 1) // 2] if values else None


def _picture(sharp, seed):
    pixels = (np.random.default_rng(seed).random((10, 12, 3)) * 255).astype("uint8")
    image = Image.fromarray(pixels).resize((72, 60), Image.Resampling.NEAREST)
    file = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(4 * (1 - sharp))).save(file, "PNG")
    return file.getvalue()
