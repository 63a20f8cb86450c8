"""The Sphinx side of the book: nodes for records, and what builders write of them."""
