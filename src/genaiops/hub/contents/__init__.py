"""Contents of the Hub as files: push, pull, export and import, and what retention removes."""
