"""An AWS whose lists are empty, but for task definitions: `bench/service-NNN:latest` of every repository.

usage: prune_aws.py REPOSITORIES

Prints its URL when it is ready. For benchmarks: what is in use must not be what takes the time. ECR is the
fake's work (fakes/ecr).
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
DEFINITIONS = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition"
AT_ONCE = 10  # containers of a task definition

# Lists by operation, or by the path of the REST services.
EMPTY = {
    "ListClusters": {"clusterArns": []},
    "ListDaemonTaskDefinitions": {"daemonTaskDefinitions": []},
    "ListEventBuses": {"EventBuses": []},
    "/2015-03-31/functions": {"Functions": []},
    "/schedules": {"Schedules": []},
    "/v1/describejobdefinitions": {"jobDefinitions": []},
    "/v1/describejobqueues": {"jobQueues": []},
}


def families(repositories):
    """The images of each family."""
    images = [f"{HOST}/bench/service-{number:03}:latest" for number in range(repositories)]
    return {
        f"bench-{start // AT_ONCE}": images[start:start + AT_ONCE]
        for start in range(0, len(images), AT_ONCE)
    }


def answer(operation, body, known):
    if operation in EMPTY:
        return EMPTY[operation]
    if operation == "ListTaskDefinitionFamilies":
        return {"families": sorted(known)}
    if operation == "ListTaskDefinitions":
        return {"taskDefinitionArns": [f"{DEFINITIONS}/{body['familyPrefix']}:1"]}
    if operation == "DescribeTaskDefinition":
        arn = body["taskDefinition"]
        family = arn.rsplit("/", 1)[-1].split(":")[0]
        containers = [{"name": f"c{n}", "image": image} for n, image in enumerate(known[family])]
        return {"taskDefinition": {"taskDefinitionArn": arn, "family": family, "revision": 1,
                                   "status": "ACTIVE", "containerDefinitions": containers}}
    return None


def handler(known):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            target = self.headers.get("x-amz-target")
            path = self.path.split("?")[0]
            operation = target.rsplit(".", 1)[-1] if target else path.rstrip("/")
            found = answer(operation, json.loads(body or b"{}") if body[:1] in (b"", b"{") else {}, known)
            status = 200 if found is not None else 501
            text = json.dumps(found if found is not None else {"message": f"no {operation}"}).encode()
            self.send_response(status)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = respond

        def log_message(self, *_):
            pass

    return Handler


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(families(int(sys.argv[1]))))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
