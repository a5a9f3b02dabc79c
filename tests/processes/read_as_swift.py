"""Run in the readers' environment: ms-swift loads a release's conversations as it does before it trains.

read_as_swift.py FILE    prints, per sample, the query with the places of pictures, their sizes, and the response
"""

import json
import sys

from swift.dataset import load_dataset
from swift.template.template_inputs import TemplateInputs
from swift.template.vision_utils import load_image


def main(path: str) -> None:
    rows, _ = load_dataset([path], split_dataset_ratio=0.0, num_proc=1, load_from_cache_file=False, strict=True)
    found = []
    for row in rows:
        inputs = TemplateInputs.from_dict(dict(row)).chosen
        query, response = inputs.messages
        found.append(
            {
                "query": query["content"],
                "roles": [query["role"], response["role"]],
                "answer": response["content"],
                "sizes": [load_image(image.get("path") or image["bytes"]).size for image in inputs.images],
            }
        )
    sys.stdout.write(json.dumps(found) + "\n")


main(sys.argv[1])
