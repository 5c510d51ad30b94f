"""One file per provider; each opens its models behind the two seams of `core`."""
