"""ARENA: where changes are tested, validated and made visible."""
