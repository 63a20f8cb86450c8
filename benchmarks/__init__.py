"""The book beside a plain Jupyter Book of the same chapters: build time, page weight, growth."""
