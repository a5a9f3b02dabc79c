"""Extracts hand-made features of samples: of text, pictures and their relation.

They need numpy and Pillow alone, no download and no training. ``text``, ``picture`` and ``relation`` each make a vector
with names; ``sample`` joins them; ``store`` keeps vectors by content; ``extract`` does many samples at a time.
The generator, the domain and other things that are said *about* a sample are no features.
"""
