"""Whether independent tools see the lab as the suite does, healthy and broken.

Each tool is a program of its own, never imported: what it says is read, put in the terms of our requirements, and held
against the verdict of the same id for the same subject. A difference that `differences.yml` does not explain is a
failure.
"""
