"""A client of ECR as scripts are written: boto3, one request after the other.

Lists every image of every repository, reads every index (a hundred per request, as the API allows), and
says what is older than 90 days, has no tag that anybody runs, and is part of no index that is kept.
It is no replacement for `launchway prune`: no referrers, no attestations, no SOCI v1, no caches, no other
source of uses than task definitions. It does what it does with as few calls as a sequential client can.
"""

import json
from datetime import datetime, timedelta, timezone

import boto3

INDEXES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
KEEP = timedelta(days=90)
AT_ONCE = 100  # the most ids of a BatchGetImage


def in_use(ecs):
    """References of all task definitions."""
    found = set()
    for page in ecs.get_paginator("list_task_definition_families").paginate():
        for family in page["families"]:
            arns = ecs.list_task_definitions(familyPrefix=family, sort="DESC")["taskDefinitionArns"]
            for arn in arns:
                definition = ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"]
                found.update(one["image"] for one in definition["containerDefinitions"])
    return found


def children(ecr, name, digests):
    """The parts of these indexes, by index."""
    found = {}
    for start in range(0, len(digests), AT_ONCE):
        ids = [{"imageDigest": digest} for digest in digests[start:start + AT_ONCE]]
        answer = ecr.batch_get_image(repositoryName=name, imageIds=ids, acceptedMediaTypes=list(INDEXES))
        if answer["failures"]:
            raise SystemExit(answer["failures"])
        for image in answer["images"]:
            parts = json.loads(image["imageManifest"]).get("manifests", [])
            found[image["imageId"]["imageDigest"]] = [part["digest"] for part in parts]
    return found


def plan(ecr, repository, used):
    """How many images there are, and how many could go."""
    name, uri = repository["repositoryName"], repository["repositoryUri"]
    images = {}
    pages = ecr.get_paginator("describe_images")
    for page in pages.paginate(repositoryName=name, PaginationConfig={"PageSize": 1000}):
        images.update((image["imageDigest"], image) for image in page["imageDetails"])
    young = datetime.now(timezone.utc) - KEEP
    kept = {
        digest for digest, image in images.items()
        if image["imagePushedAt"] > young or any(f"{uri}:{tag}" in used for tag in image.get("imageTags", []))
    }
    indexes = [digest for digest, image in images.items() if image["imageManifestMediaType"] in INDEXES]
    parts = children(ecr, name, indexes)
    waiting = list(kept)
    while waiting:
        for part in parts.get(waiting.pop(), []):
            if part not in kept:
                kept.add(part)
                waiting.append(part)
    return len(images), len(images) - len(kept & images.keys())


def main():
    used = in_use(boto3.client("ecs"))
    ecr = boto3.client("ecr")
    total = gone = 0
    for page in ecr.get_paginator("describe_repositories").paginate():
        for repository in page["repositories"]:
            images, old = plan(ecr, repository, used)
            total, gone = total + images, gone + old
    print(f"{gone} of {total} images could go")


main()
