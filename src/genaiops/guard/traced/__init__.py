"""The texts of recorded traces: where they stand in a span, and what a policy makes of them."""
