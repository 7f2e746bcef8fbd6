"""Writes the Swift of Markdown files, each block that imports something as a function in a source file of its own.

Usage: documented_snippets.py with|without MODULE FOLDER FILE.md...: of the blocks that import a module, or of those that do not
"""
import pathlib
import re
import sys

wanted, module, folder, count = sys.argv[1] == "with", sys.argv[2], pathlib.Path(sys.argv[3]), 0
for document in map(pathlib.Path, sys.argv[4:]):
    for block in re.findall(r"^```swift\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE):
        lines = block.splitlines()
        imports = [line for line in lines if line.startswith("import ")]
        if not imports or (f"import {module}" in imports) != wanted:
            continue
        count += 1
        body = ["    " + line for line in lines if line not in imports]
        text = [f"// {document.name}", *imports, f"func snippet{count}() async throws {{", *body, "}"]
        (folder / f"Snippet{count}.swift").write_text("\n".join(text) + "\n")
if count == 0:
    sys.exit(f"documented_snippets: none of these files has a block of Swift {sys.argv[1]} {module}")
