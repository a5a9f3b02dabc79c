"""A vision-language model, fine-tuned on people's scores and read at the tokens of the levels.

``finding`` looks for a model on disk; ``wording`` is the line of scores in tokens; ``families`` shows pictures to
either kind of model; ``items`` and ``batches`` make what a model takes; ``lessons`` and ``losses`` say what it learns;
``weights``, ``learning`` and ``workers`` are the training, on one device or several; ``reading`` makes distributions.
"""
