"""Lets Triton's own client ask the service by the Open Inference Protocol.

    python3 -m venv VENV && VENV/bin/pip install "tritonclient[http]==2.73.0" pillow==13.0.0
    VENV/bin/python Tools/check_kserve.py PROGRAM FOLDER     # a transeg with the service, and an empty folder

Health, metadata, and inference in every form that the client can send and read: pixels and files, as binary tensors (what it does where nobody says
otherwise) and in JSON, in turn and at once; errors must reach its user as sentences. All tensors must be the service's mask as it gives it as PNG.
"""

import base64
import importlib.metadata
import io
import os
import sys
import urllib.request

import numpy
import tritonclient.http as triton
from PIL import Image
from tritonclient.utils import InferenceServerException

from running_service import ROOT, running_service

MODEL = "glass-demo"


def check(condition, what):
    if not condition:
        raise SystemExit(f"check_kserve: {what}")


def tensor(values, kind, **options):
    made = triton.InferInput("image", list(values.shape), kind)
    made.set_data_from_numpy(values, **options)
    return made


def refused(what, call, words):
    """An error of the client that has a status and a sentence."""
    try:
        call()
    except InferenceServerException as error:
        check(words in str(error), f"{what} is refused with: {error}")
    else:
        raise SystemExit(f"check_kserve: {what} is not refused")


def main():
    program, folder = sys.argv[1:]
    with open(os.path.join(ROOT, "Models", "glass-demo", "example.png"), "rb") as file:
        picture = file.read()
    pixels = numpy.array(Image.open(io.BytesIO(picture)).convert("RGB"))
    # The client takes a BYTES tensor's elements in JSON for text, so that a file is base64 there.
    forms = {
        "pixels": tensor(pixels, "UINT8"), "pixels in JSON": tensor(pixels, "UINT8", binary_data=False),
        "a file": tensor(numpy.array([picture], dtype=object), "BYTES"),
        "a file in JSON": tensor(numpy.array([base64.b64encode(picture)], dtype=object), "BYTES", binary_data=False),
    }
    outputs = {
        "the client's own": None,
        "binary": [triton.InferRequestedOutput("mask"), triton.InferRequestedOutput("soft")],
        "JSON": [triton.InferRequestedOutput("soft", binary_data=False), triton.InferRequestedOutput("mask", binary_data=False)],
        "both": [triton.InferRequestedOutput("soft", binary_data=True), triton.InferRequestedOutput("mask", binary_data=False)],
    }
    with running_service(program, f"{folder}/kserve.log") as service:
        with urllib.request.urlopen(urllib.request.Request(f"{service.url}/v1/segment", data=picture)) as answer:
            mask = numpy.array(Image.open(io.BytesIO(answer.read())))
        client = triton.InferenceServerClient(f"127.0.0.1:{service.port}", concurrency=4, network_timeout=300)
        check(client.is_server_live() and client.is_server_ready() and client.is_model_ready(MODEL), "the service is not ready")
        check("binary_tensor_data" in client.get_server_metadata()["extensions"], "the extension is not named")
        metadata = client.get_model_metadata(MODEL)
        check([each["name"] for each in metadata["inputs"] + metadata["outputs"]] == ["image", "soft", "mask"], f"the metadata are {metadata}")
        version = metadata["versions"][0]
        check(client.get_model_metadata(MODEL, version) == metadata and client.is_model_ready(MODEL, version), "its version is not known")
        check(not client.is_model_ready("other") and not client.is_model_ready(MODEL, "0"), "what is not served is ready")

        def agrees(result, what):
            soft, found = result.as_numpy("soft"), result.as_numpy("mask")
            check(soft.dtype == numpy.float32 and found.dtype == numpy.uint8, f"{what}: tensors are {soft.dtype} and {found.dtype}")
            check((found == mask).all() and ((soft > 0.5) == (mask > 0)).all(), f"{what}: the tensors are not the mask")

        for name, image in forms.items():
            for kind, wanted in outputs.items():
                result = client.infer(MODEL, [image], outputs=wanted, request_id="7", model_version=version if kind == "JSON" else "")
                agrees(result, f"{name}, outputs {kind}")
                check(result.get_response()["id"] == "7", "the request's id is lost")
        at_once = [client.async_infer(MODEL, [forms["a file"]]) for _ in range(8)]
        for each in at_once:
            agrees(each.get_result(), "at once")
        high = client.infer(MODEL, [forms["pixels"]], parameters={"threshold": 0.9}).as_numpy("mask")
        check(0 < (high > 0).sum() < (mask > 0).sum(), "the parameter threshold does nothing")
        # The client asks for a compressed answer, and takes one that is not.
        agrees(client.infer(MODEL, [forms["pixels"]], response_compression_algorithm="gzip"), "a compressed answer")

        gray = triton.InferInput("image", [4, 4], "UINT8")
        gray.set_data_from_numpy(numpy.zeros((4, 4), numpy.uint8))
        refused("a gray picture", lambda: client.infer(MODEL, [gray]), "[422] the shape of image is [4, 4]")
        refused("another model", lambda: client.infer("other", [forms["pixels"]]), "[404] there is no model other")
        refused("another version", lambda: client.infer(MODEL, [forms["pixels"]], model_version="0"), "[404] there is no version 0")
        refused("noise", lambda: client.infer(MODEL, [tensor(numpy.array([b"noise"], dtype=object), "BYTES")]), "[415] ")
        refused("two inputs", lambda: client.infer(MODEL, [forms["pixels"], forms["pixels"]]), "[422] one input named image")
        refused("a batch", lambda: client.infer(MODEL, [tensor(pixels[None], "UINT8")]), "[422] the shape of image is [1, ")
        refused("a compressed request", lambda: client.infer(MODEL, [forms["pixels"]], request_compression_algorithm="gzip"), "[415] ")
        # Of Triton alone, and no part of the protocol.
        refused("a configuration", lambda: client.get_model_config(MODEL), "[404] there is nothing at this address")
        failed = [line for line in service.lines() if line.get("message") == "request" and line["status"] >= 500]
        check(not failed, f"requests failed: {failed}")
        client.close()
        check(service.stop() == 0, "the service did not end with 0")
    print(f"tritonclient {importlib.metadata.version('tritonclient')}: {len(forms)} forms of the input by {len(outputs)} of the outputs, and {len(at_once)} "
          f"requests at once, give the mask, {(mask > 0).sum()} of {mask.size} pixels; 8 bad requests are refused with a sentence")


if __name__ == "__main__":
    main()
