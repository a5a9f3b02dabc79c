"""Features made by hand, and scikit-learn models of a few kinds that are weighed by cross-validation over questions.

``targets`` says what is learned of a histogram; ``views`` what models look at, with ``encoders`` beside the features
where a run names any; ``candidates`` which models there are; ``weighing`` how they are compared and mixed; ``ensemble``
is the judge that comes of it; ``backend`` drives it and keeps it in a run's folder.
"""
