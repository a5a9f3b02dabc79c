"""Run in the readers' environment: LLaMA-Factory finds a release's dataset by name, converts it and opens its media.

read_as_llamafactory.py FOLDER NAME…    prints, per name and sample, prompt, response and sizes of its pictures
"""

import importlib.machinery
import importlib.util
import json
import sys
import types
from pathlib import Path


def without_sound() -> None:
    """Stand in for a library that is imported for sound alone, of which no build for processors is to be had."""
    module = types.ModuleType("torchaudio")
    module.__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
    sys.modules["torchaudio"] = module


def data_arguments(folder: str) -> object:
    """Return the real data arguments, without the package around them, which wants everything that trains."""
    import llamafactory

    place = Path(llamafactory.__file__).parent / "hparams" / "data_args.py"
    spec = importlib.util.spec_from_file_location("data_args", place)
    module = importlib.util.module_from_spec(spec)
    sys.modules["data_args"] = module
    spec.loader.exec_module(module)
    return module.DataArguments(dataset_dir=folder, preprocessing_num_workers=1, overwrite_cache=True)


def main(folder: str, names: list[str]) -> None:
    without_sound()
    from llamafactory.data.loader import _load_single_dataset
    from llamafactory.data.mm_plugin import get_mm_plugin
    from llamafactory.data.parser import get_dataset_list

    data = data_arguments(folder)
    model = types.SimpleNamespace(cache_dir=None, hf_hub_token=None)
    training = types.SimpleNamespace(local_process_index=0)
    plugin = get_mm_plugin("base", image_token="<image>")
    found = {name: [] for name in names}
    for name, attributes in zip(names, get_dataset_list(names, folder), strict=True):
        for row in _load_single_dataset(attributes, model, data, training):
            images = row["_images"] or []
            plugin._validate_messages(row["_prompt"] + row["_response"], images, [], [])
            opened = plugin._regularize_images(images, image_max_pixels=768**2, image_min_pixels=1)["images"]
            found[name].append(
                {
                    "prompt": [message["content"] for message in row["_prompt"]],
                    "answer": [message["content"] for message in row["_response"]],
                    "sizes": [image.size for image in opened],
                }
            )
    sys.stdout.write(json.dumps(found) + "\n")


main(sys.argv[1], sys.argv[2:])
