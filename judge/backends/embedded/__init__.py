"""A judge of hand-made features and scikit-learn models, mixed by cross-validation over questions.

``targets`` turns histograms into what a regression learns; ``feature_views`` has the views that models learn from, with
``encoders`` beside the features where a run names any; ``candidates`` the kinds of models; ``model_selection`` compares
and mixes them; ``ensemble`` is the mixture that predicts; ``trainer`` trains it; ``backend`` connects it to a run's
folder.
"""
