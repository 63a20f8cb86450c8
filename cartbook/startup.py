"""Keep the import of Altair short; the package imports this first.

Altair imports jsonschema, which compiles a grammar of international addresses (1.4 s) where
rfc3987-syntax is installed, as it is with JupyterLab. Nothing in the book checks such an address.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # as if it were not there
