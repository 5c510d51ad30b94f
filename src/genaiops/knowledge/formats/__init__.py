"""What reads HTML, PDF and DOCX: each format's parser, and the process of their own that they run in.

A parser turns bytes into `Parsed`. It never runs in our process: `Parsers` sends a file to a warm worker
and gets parts back as JSON lines. Only `worker` imports the parsers.
"""
