"""Runs the examples of Docs/service.md, from top to bottom, against a service, and compares its masks with those of `transeg segment`.

Usage: check_examples.py PROGRAM FOLDER"""

import os
import re
import shutil
import subprocess
import sys

from PIL import Image

from running_service import ROOT, running_service


def main():
    program, folder = sys.argv[1:]
    work = os.path.join(folder, "examples")
    os.makedirs(work)
    Image.open(os.path.join(ROOT, "Models", "glass-demo", "example.png")).convert("RGB").save(os.path.join(work, "photo.jpg"))
    with open(os.path.join(ROOT, "Docs", "service.md"), encoding="utf-8") as file:
        examples = re.findall(r"^```(sh|python)\n(.*?)^```", file.read(), re.MULTILINE | re.DOTALL)
    with running_service(program, f"{folder}/examples.log") as service:
        for language, text in examples:
            text = text.replace("http://127.0.0.1:8000", service.url)
            command = ["bash", "-euc", text] if language == "sh" else [sys.executable, "-c", text]
            result = subprocess.run(command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if result.returncode:
                raise SystemExit(f"check_examples: Docs/service.md says\n{text}\nand that fails:\n{result.stdout}")
        code = service.stop()
    # What the program itself writes, to the byte.
    subprocess.run([program, "segment", "photo.jpg", "--write", "mask,overlay", "--quiet"], cwd=work, check=True)
    for kind in ["mask", "overlay"]:
        with open(os.path.join(work, f"{kind}.png"), "rb") as one, open(os.path.join(work, f"transeg-output/photo_{kind}.png"), "rb") as other:
            if one.read() != other.read():
                raise SystemExit(f"check_examples: the service's {kind} is not that of transeg segment")
    for made in ["mask.png", "overlay.png", "result.json", "predictions.json", "openapi.json"]:
        if not os.path.getsize(os.path.join(work, made)):
            raise SystemExit(f"check_examples: the examples made no {made}")
    shutil.rmtree(work)
    print(f"examples: {len(examples)} of Docs/service.md run; the service ended with {code}")


if __name__ == "__main__":
    main()
