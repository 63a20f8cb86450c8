"""Measurements of the book beside a plain one: ``python -m builders.bench`` (make bench)."""
