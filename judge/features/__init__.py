"""Features made by hand of a sample: of its text, of its pictures, and of how they go together.

They need numpy and Pillow alone, no download and no training. ``text``, ``picture`` and ``relation`` each make a vector
with names; ``sample`` joins them; ``store`` keeps vectors by content; ``extract`` does many samples at a time.
The generator, the domain and other things that are said *about* a sample are no features.
"""
