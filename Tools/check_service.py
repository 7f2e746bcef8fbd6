"""Loads the service with good and bad requests, and looks at what it promises.

Usage: check_service.py PROGRAM FOLDER [--seconds N] [--connections N]... See Scripts/test-service.
"""

import argparse
import asyncio
import io
import json
import os
import random
import statistics
import threading
import time

import httpx
import numpy
from PIL import Image

from running_service import ROOT, running_service

EXAMPLE = os.path.join(ROOT, "Models", "glass-demo", "example.png")


def check(condition, what):
    if not condition:
        raise SystemExit(f"check_service: {what}")


def pictures():
    """Drawn once: the example at several sizes and formats."""
    original = Image.open(EXAMPLE).convert("RGB")
    made = []
    for index, (side, kind) in enumerate([(128, "PNG"), (256, "JPEG"), (320, "WEBP"), (96, "TIFF"), (512, "JPEG")]):
        file = io.BytesIO()
        original.resize((side, side * (3 + index) // 4)).save(file, kind)
        made.append(file.getvalue())
    return made


def bad_requests(seed):
    """Requests that must be refused, by name: method, path, arguments and the statuses that are promised."""
    generator = random.Random(seed)
    noise = generator.randbytes(2000)
    good = pictures()[0]
    form = {"content-type": "multipart/form-data; boundary=b"}
    return [
        ("noise", "POST", "/v1/segment", {"content": noise}, {415, 422}),
        ("truncated", "POST", "/v1/segment", {"content": good[: generator.randrange(20, len(good) - 30)]}, {415, 422}),
        ("empty", "POST", "/v1/segment", {"content": b""}, {422}),
        ("query", "POST", "/v1/segment?output=all", {"content": good}, {400}),
        ("method", "DELETE", "/v1/segment", {}, {405}),
        ("path", "GET", f"/{generator.randrange(10**9)}", {}, {404}),
        ("form", "POST", "/v1/segment", {"content": b"--b\r\n" + noise, "headers": form}, {400}),
        ("json", "POST", "/predict", {"content": noise}, {422}),
        ("address", "POST", "/predict", {"json": {"tasks": [{"data": {"image": "http://localhost/a.jpg"}}]}}, {422}),
        ("tensor", "POST", "/v2/models/glass-demo/infer", {"json": {"inputs": [{"name": "image", "datatype": "UINT8",
         "shape": [9, 9, 3], "data": [1]}]}}, {422}),
    ]


class Counts:
    def __init__(self):
        self.statuses = {}
        self.seconds = []
        self.lost = []
        self.broken = 0

    def add(self, status, seconds=None):
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if seconds is not None:
            self.seconds.append(seconds)


async def worker(client, counts, good, until, share_of_bad, seed, masks):
    generator = random.Random(seed)
    bad = bad_requests(seed)
    while time.monotonic() < until:
        start = time.monotonic()
        try:
            if generator.random() < share_of_bad:
                name, method, path, arguments, promised = generator.choice(bad)
                answer = await client.request(method, path, **arguments)
                check(answer.status_code in promised | {503}, f"{name} is answered {answer.status_code}: {answer.text[:300]}")
                counts.add(answer.status_code)
            else:
                index = generator.randrange(len(good))
                answer = await client.post("/v1/segment", content=good[index])
                check(answer.status_code in (200, 503), f"a picture is answered {answer.status_code}: {answer.text[:300]}")
                counts.add(answer.status_code, time.monotonic() - start if answer.status_code == 200 else None)
                if answer.status_code == 200:
                    check(masks.setdefault(index, answer.content) == answer.content, "the mask of a picture changed")
                else:
                    check("retry-after" in answer.headers, "a 503 does not say when to come again")
                    await asyncio.sleep(0.05)
        except httpx.TransportError as error:
            counts.lost.append(f"{type(error).__name__}: {error}")


async def breaker(service, counts, until, seed):
    """Connections that end, or say nothing sensible, in the middle."""
    generator = random.Random(seed)
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        writer.write(generator.choice([
            b"POST /v1/segment HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n" + generator.randbytes(100),
            generator.randbytes(200), b"GET / HTTP/1.1\r\n", b""]))
        await writer.drain()
        await asyncio.sleep(generator.random() * 0.2)
        writer.close()
        counts.broken += 1
        await asyncio.sleep(0.1)


def memory(process):
    """Resident bytes, and open descriptors."""
    with open(f"/proc/{process}/statm", encoding="utf-8") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(f"/proc/{process}/fd"))


async def load(service, seconds, connections, share_of_bad, seed=0, samples=None):
    """Counts, and (time, bytes, descriptors) each second, which are written to the file `samples` as they come."""
    file, samples = open(samples or os.devnull, "w", encoding="utf-8", buffering=1), []
    counts, masks, good = Counts(), {}, pictures()
    until = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx.AsyncClient(base_url=service.url, timeout=150, limits=limits) as client:
        async def sample():
            begun = time.monotonic()
            while time.monotonic() < until:
                samples.append((time.monotonic() - begun, *memory(service.process.pid)))
                print(*samples[-1], file=file)
                live = await client.get("/health/live")
                check(live.status_code == 200, "the service does not say that it lives")
                await asyncio.sleep(1)
        tasks = [worker(client, counts, good, until, share_of_bad, seed + index, masks) for index in range(connections)]
        if share_of_bad:
            tasks += [breaker(service, counts, until, seed)]
        await asyncio.gather(sample(), *tasks)
    file.close()
    return counts, samples


def centiles(seconds):
    """p50 and p99 as a sentence has them."""
    cut = statistics.quantiles(seconds, n=100)
    return f"p50 {cut[49] * 1000:.0f} ms, p99 {cut[98] * 1000:.0f} ms"


def end_under_load(service, delay):
    """SIGTERM while 12 connections send pictures: what was accepted is answered whole, and the exit code is 0.

    Gives the number of requests accepted, and of connections that were closed before theirs was.
    """
    picture = pictures()[4]
    before = sum(line.get("message") == "request" for line in service.lines())
    outcomes = []
    stopping = threading.Event()

    def ask():
        with httpx.Client(base_url=service.url, timeout=60) as client:
            while not stopping.is_set():
                try:
                    outcomes.append(client.post("/v1/segment", content=picture).status_code)
                except httpx.RemoteProtocolError as error:
                    # Closed between requests: nothing of this one was answered, and the log must not have accepted it.
                    outcomes.append("closed" if "without sending" in str(error) else f"cut: {error}")
                    return
                except (httpx.ConnectError, httpx.ReadError, httpx.WriteError):
                    outcomes.append("closed")
                    return

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    time.sleep(delay)
    code = service.stop()
    stopping.set()
    for thread in threads:
        thread.join()
    check(code == 0, f"the service ended with {code}")
    logged = [line["status"] for line in service.lines() if line.get("message") == "request"][before:]
    cut = [each for each in outcomes if isinstance(each, str) and each != "closed"]
    check(not cut, f"an answer was cut: {cut}")
    answered = [each for each in outcomes if each != "closed"]
    check(sorted(answered) == sorted(logged), f"{len(logged)} requests were accepted and {len(answered)} answers came")
    check(set(answered) <= {200, 503}, f"answers were {set(answered)}")
    return len(answered), len(outcomes) - len(answered)


def soak(program, folder, given, options):
    """Good and bad requests for a time, and SIGTERM in the middle of more: each is answered, and nothing grows."""
    seconds, connections = given.seconds, given.connections
    with running_service(program, f"{folder}/soak.log", "--queue", "16", *options) as service:
        counts, samples = asyncio.run(load(service, seconds, connections, 0.4, samples=given.samples))
        check(not counts.lost, f"{len(counts.lost)} requests were not answered: {counts.lost[:3]}")
        # A quarter of the time to warm up: arenas, caches, threads.
        late = [each for each in samples if each[0] > seconds / 4]
        slope = numpy.polyfit([each[0] for each in late], [each[1] for each in late], 1)[0] * 3600 if len(late) > 2 else 0
        time.sleep(1)
        descriptors = memory(service.process.pid)[1]
        logged = [line for line in service.lines() if line.get("message") == "request"]
        last, refused = end_under_load(service, 1)
    check(not any(line["status"] in (500, 504) for line in logged), "the service failed: see the log")
    answered = sum(counts.statuses.values())
    # Those of connections that broke off are logged too, or not, and nobody gets their answers.
    check(len([line for line in logged if line["path"] != "/health/live"]) >= answered, "there are more answers than requests in the log")
    check(descriptors <= samples[0][2] + 4, f"descriptors went from {samples[0][2]} to {descriptors}")
    print(f"soak: {seconds} s, {connections} connections: {answered} requests answered of as many, "
          f"{counts.broken} connections broken off; statuses {dict(sorted(counts.statuses.items()))}; "
          f"of {len(counts.seconds)} pictures {centiles(counts.seconds)}; "
          f"memory {' '.join(str(samples[len(samples) * part // 8][1] >> 20) for part in range(8))} {samples[-1][1] >> 20} MiB "
          # A short soak warms up to its end.
          f"by eighths of the time" + (f", {slope / (1 << 20):+.1f} MiB an hour after the first quarter" if seconds >= 300 else "")
          + f"; descriptors {samples[0][2]} and {descriptors}; SIGTERM at its end: {last} accepted, {last} answered, "
          f"{refused} connections closed before a request was taken", flush=True)
    return slope


def latency(program, folder, seconds, connections, options):
    """p50 and p99 of accepted pictures with passes of one and of eight."""
    for batch in ["1", "8"]:
        with running_service(program, f"{folder}/latency-{batch}.log", "--batch", batch, "--batch-delay", "5", *options) as service:
            counts, _ = asyncio.run(load(service, seconds, connections, 0))
            check(service.stop() == 0 and not counts.lost, f"requests were lost: {counts.lost[:3]}")
        print(f"latency: --batch {batch}, {connections} connections, {seconds} s: {len(counts.seconds)} pictures, "
              f"{len(counts.seconds) / seconds:.1f} a second, {centiles(counts.seconds)}", flush=True)


def termination(program, folder, rounds, options):
    """SIGTERM under load, some times."""
    accepted = refused = 0
    for round in range(rounds):
        with running_service(program, f"{folder}/termination.log", "--queue", "64", *options) as service:
            answered, closed = end_under_load(service, 0.7 + 0.13 * round)
        accepted += answered
        refused += closed
    print(f"termination: {rounds} times SIGTERM under 12 connections: {accepted} requests accepted, {accepted} answered, "
          f"{refused} connections closed before a request was taken; exit code 0 each time", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder")
    parser.add_argument("--seconds", type=int, default=20, help="of the soak")
    parser.add_argument("--connections", type=int, default=24)
    parser.add_argument("--latency-seconds", type=int, default=6)
    parser.add_argument("--latency-connections", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="of SIGTERM under load")
    parser.add_argument("--samples", help="a file for the soak's seconds, resident bytes and descriptors, a line each second")
    parser.add_argument("--parts", default="termination,latency,soak", help="which of them")
    given, options = parser.parse_known_args()
    os.makedirs(given.folder, exist_ok=True)
    parts = given.parts.split(",")
    check(set(parts) <= {"termination", "latency", "soak"}, "--parts wants termination, latency and soak, with commas")
    if "termination" in parts:
        termination(given.program, given.folder, given.rounds, options)
    if "latency" in parts:
        latency(given.program, given.folder, given.latency_seconds, given.latency_connections, options)
    slope = soak(given.program, given.folder, given, options) if "soak" in parts else 0
    if given.seconds >= 1800:
        check(slope < 1 << 20, f"memory grows by {slope / (1 << 20):.1f} MiB an hour")


if __name__ == "__main__":
    main()
