"""A judge behind an OpenAI-compatible server: zero-shot, or SynJudge served by vLLM.

It sends questions, answers and pictures to whoever runs the server: it is off until an address and a model are set.
``client`` sends requests and retries them; ``messages`` builds them; ``level_probabilities`` makes distributions of the
replies; ``logprob_support`` remembers whether log-probabilities are among them.
"""
