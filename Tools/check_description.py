"""Sends what schemathesis makes of openapi.json to a service that it describes. Usage: check_description.py PROGRAM FOLDER EXAMPLES

Bodies are random, so that most pictures are refused: what is looked at is that each answer is one that the description has, that nothing is
answered 500, and that the service goes on.
"""

import json
import os
import subprocess
import sys
import urllib.request

from running_service import running_service

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method,negative_data_rejection"


def main():
    program, folder, examples = sys.argv[1:]
    with running_service(program, f"{folder}/description.log") as service:
        with urllib.request.urlopen(f"{service.url}/v2/models/glass-demo") as answer:
            version = json.load(answer)["versions"][0]
        with open(f"{folder}/schemathesis.toml", "w", encoding="utf-8") as file:
            file.write(f'[parameters]\nmodel = "glass-demo"\nversion = "{version}"\n')
        # One worker: the parser of Python 3.11 fails where another thread of hypothesis changes the limit of recursion ("AST constructor ...").
        command = [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", f"{service.url}/openapi.json", "--checks", CHECKS, "--max-examples", examples,
                   "--phases", "examples,coverage,fuzzing", "--workers", "1", "--seed", "7", "--no-color",
                   "--max-response-time", "30"]
        result = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        logged = [line for line in service.lines() if line.get("message") == "request"]
        code = service.stop()
    failed = [line for line in logged if line["status"] == 500]
    if result.returncode or failed or code:
        print(result.stdout[-8000:])
        raise SystemExit(f"check_description: schemathesis ended with {result.returncode}, the service with {code}; "
                         f"{len(failed)} answers were 500: {failed[:3]}")
    statuses = {}
    for line in logged:
        statuses[line["status"]] = statuses.get(line["status"], 0) + 1
    print(f"schemathesis: {len(logged)} requests, no failure; statuses {dict(sorted(statuses.items()))}")


if __name__ == "__main__":
    main()
