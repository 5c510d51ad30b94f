"""How the injection classifier is made: declared sources, generators, training."""
