"""Run in the readers' environment: Label Studio's own checks of a labelling interface and of the tasks made for it.

read_as_label_studio.py FOLDER    prints the controls that it finds, and what is wrong with each task
"""

import json
import sys
from pathlib import Path

from label_studio_sdk.label_interface import LabelInterface


def main(folder: str) -> None:
    interface = LabelInterface((Path(folder) / "config.xml").read_text())
    interface.validate()
    faults = []
    tasks = [task for name in ("train", "test") for task in json.loads((Path(folder) / f"{name}.json").read_text())]
    for task in tasks:
        bare = {"data": task["data"]}
        if not interface.validate_task(bare):
            faults.append([task["id"], "the task lacks what the interface shows"])
        for annotation in task["annotations"]:
            faults += [[task["id"], error] for error in interface.validate_prediction(annotation, return_errors=True)]
    choices = {control.name: list(control.labels) for control in interface.controls}
    sys.stdout.write(json.dumps({"choices": choices, "tasks": len(tasks), "faults": faults}) + "\n")


main(sys.argv[1])
