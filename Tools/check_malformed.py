"""Sends a service requests that are damaged byte by byte, over plain sockets. Usage: check_malformed.py PROGRAM FOLDER COUNT

Sound requests of every protocol are cut, repeated, mixed and changed in head, framing and body. Whatever comes back must be HTTP with a status
other than 500, connections must end, and the service must go on: it answers a sound request with the same mask as before, and ends with 0.
"""

import collections
import json
import random
import re
import socket
import sys
import threading
import urllib.request

from check_service import check, memory, pictures
from running_service import running_service

CONNECTIONS = 8
# What parsers stumble over.
WORDS = [b"\r\n", b"\n", b"\r", b"\0", b":", b" ", b"\t", b"\xff\xfe", b"HTTP/1.1", b"HTTP/2.0", b"Content-Length: 18446744073709551616\r\n",
         b"Content-Length: -1\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
         b"Expect: 100-continue\r\n", b"Connection: Upgrade\r\nUpgrade: websocket\r\n", b"Content-Type: multipart/form-data; boundary=\r\n",
         b"Inference-Header-Content-Length: 99999999999\r\n", b"Authorization: Basic =\r\n", b"Content-Encoding: gzip\r\n", b"X: " + b"y" * 40000 + b"\r\n",
         b"ffffffffffffffff\r\n", b"0\r\n\r\n", b"%00", b"/../" * 30, b"?threshold=nan&", b"--b--", b'{"a":' * 300, b"[" * 3000]


def request(method, path, body=b"", *headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if body and not any(each.startswith("Transfer") for each in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def sound():
    picture = pictures()[3]
    small = picture[:200]
    tensor = json.dumps({"inputs": [{"name": "image", "datatype": "UINT8", "shape": [2, 2, 3], "data": [7] * 12}]}).encode()
    form = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' + small + b"\r\n--b--\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [small[:50], small[50:]]) + b"0\r\n\r\n"
    return [
        request("GET", "/v1/models"), request("GET", "/health/ready"), request("GET", "/metrics"), request("HEAD", "/"), request("OPTIONS", "/v1/segment"),
        request("POST", "/v1/segment?output=json&threshold=0.3", picture), request("POST", "/v1/segment", small),
        request("POST", "/v1/segment", form, "Content-Type: multipart/form-data; boundary=b"),
        request("POST", "/v1/segment", chunks, "Transfer-Encoding: chunked"),
        request("POST", "/v2/models/glass-demo/infer", tensor, "Content-Type: application/json"),
        request("POST", "/v2/models/glass-demo/infer", tensor + bytes(12), f"Inference-Header-Content-Length: {len(tensor)}"),
        request("POST", "/predict", b'{"tasks": [{"data": {"image": "data:image/png;base64,AAAA"}}]}', "Content-Type: application/json"),
        request("POST", "/v1/predict", b'{"model": "glass-demo", "image": "AAAA", "params": {}}', "Content-Type: application/json"),
    ]


def damaged(generator, requests):
    data = bytearray(generator.choice(requests))
    for _ in range(generator.choice([1, 1, 2, 4, 9])):
        # The head is where framing is decided.
        end = len(data) if generator.random() < 0.3 else min(len(data), 250)
        at = generator.randrange(end + 1)
        match generator.randrange(7):
            case 0:
                data[at:at + 1] = bytes([generator.randrange(256)])
            case 1:
                data[at:at] = generator.choice(WORDS)
            case 2:
                del data[at:at + generator.randrange(1, 30)]
            case 3:
                del data[at:]
            case 4:
                data[at:at] = data[at:at + generator.randrange(1, 200)]
            case 5:
                # Another request begins in the middle of this one, or after it.
                data[generator.choice([at, len(data)]):] = generator.choice(requests)
            case 6:
                line = data.find(b"\r\n", at)
                if line >= 0:
                    data[line:line] = b"\r\n" + generator.choice(WORDS).rstrip(b"\r\n")
    return bytes(data)


def exchange(port, data):
    """What comes back until the service closes the connection, or waits for more than was sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        answer = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(1 << 16):
                answer += part
        except (ConnectionResetError, BrokenPipeError):
            pass
        return answer


def worker(port, seed, count, statuses, wrong):
    generator, requests = random.Random(seed), sound()
    for index in range(count):
        data = damaged(generator, requests)
        try:
            answer = exchange(port, data)
        except OSError as error:
            wrong.append((seed, index, f"{type(error).__name__}: {error}", data[:300]))
            continue
        head = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
        status = int(head.group(1)) if head else "none" if not answer else "not HTTP"
        statuses[status] += 1
        if status == "not HTTP" or status in (500, 501, 502, 504):
            wrong.append((seed, index, answer[:300], data[:300]))


def main():
    program, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    picture, counters, wrong = pictures()[0], [collections.Counter() for _ in range(CONNECTIONS)], []
    with running_service(program, f"{folder}/malformed.log") as service:
        def mask():
            with urllib.request.urlopen(urllib.request.Request(f"{service.url}/v1/segment", data=picture)) as answer:
                return answer.read()
        before = mask()
        descriptors = memory(service.process.pid)[1]
        threads = [threading.Thread(target=worker, args=(service.port, seed, -(-count // CONNECTIONS), counters[seed], wrong))
                   for seed in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        check(not wrong, f"{len(wrong)} answers are wrong: {wrong[:3]}")
        check(service.process.poll() is None, "the service ended")
        check(mask() == before, "the mask of a picture changed")
        check(memory(service.process.pid)[1] <= descriptors + 2 * CONNECTIONS, "descriptors were left open")
        failed = [line for line in service.lines() if line.get("message") == "request" and line["status"] in (500, 504)]
        check(not failed, f"the service failed: {failed[:3]}")
        resident = memory(service.process.pid)[0] >> 20
        check(service.stop() == 0, "the service did not end with 0")
    statuses = sum(counters, collections.Counter())
    print(f"malformed: {sum(statuses.values())} damaged requests; answers {dict(sorted(statuses.items(), key=str))}; {resident} MiB at the end; the service went on")


if __name__ == "__main__":
    main()
