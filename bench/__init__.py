"""Measurements of the suite itself, repeatable on any machine that has the lab."""
