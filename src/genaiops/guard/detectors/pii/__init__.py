"""Personal data by structure: shapes, check digits, and the words that stand before them."""
