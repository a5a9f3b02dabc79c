"""A fine-tuned vision-language model, read at the tokens of the levels.

``model_lookup`` finds a model on disk; ``answer_tokens`` is the line of scores in tokens; ``model_adapters`` shows
pictures to either kind of model; ``inputs`` and ``batches`` make what a model takes; ``training_targets`` and
``losses`` say what it learns; ``checkpoints``, ``trainer``, ``launcher`` and ``worker`` are the training, on one device
or several; ``level_probabilities`` reads distributions.
"""
