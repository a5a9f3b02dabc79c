"""A model behind an OpenAI-compatible server: zero-shot, or SynJudge itself served by vLLM.

It sends questions, answers and pictures to whoever runs the server: it is off until an address and a model are set.
``client`` asks and asks again; ``conversation`` is what is sent; ``reading`` makes distributions of what comes back;
``support`` remembers whether log-probabilities are among it.
"""
