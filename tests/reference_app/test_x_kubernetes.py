"""X2: the Kubernetes manifests, by the schemas of Kubernetes and by what they promise together."""

from copy import deepcopy
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from reference_app.config import VARIABLES
from tests.reference_app.stack import DEPLOY

MANIFESTS: list[dict[str, Any]] = [
    manifest
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for manifest in yaml.safe_load_all(file.read_text())
]
WORKLOADS = ("Deployment", "Job")


def of_kind(kind: str) -> dict[str, Any]:
    [found] = [manifest for manifest in MANIFESTS if manifest["kind"] == kind]
    return found


def refused(manifest: dict[str, Any]) -> bool:
    try:
        kubernetes_validate.validate(manifest, "1.37", strict=True)
    except kubernetes_validate.ValidationError:
        return True
    return False


@pytest.mark.spec("X2")
def test_kubernetes_would_take_every_manifest() -> None:
    assert len(MANIFESTS) >= 8
    assert [manifest["kind"] for manifest in MANIFESTS if refused(manifest)] == []


@pytest.mark.parametrize(
    ("key", "value"), [("replicas", "two"), ("replica", 2), ("selector", []), ("template", "pod")]
)
def test_kubernetes_would_not_take_a_broken_one(key: str, value: object) -> None:
    broken = deepcopy(of_kind("Deployment"))
    broken["spec"][key] = value
    assert refused(broken)


@pytest.mark.spec("X2")
@pytest.mark.parametrize("kind", WORKLOADS)
def test_what_runs_has_no_rights_and_bounded_memory(kind: str) -> None:
    pod = of_kind(kind)["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    [container] = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert not container["image"].endswith(":latest") and ":" in container["image"]


@pytest.mark.spec("X2")
@pytest.mark.spec("L2")
def test_a_replica_is_restarted_by_its_own_life_and_gets_traffic_when_what_it_needs_is_there() -> (
    None
):
    deployment = of_kind("Deployment")["spec"]
    [container] = deployment["template"]["spec"]["containers"]
    assert container["livenessProbe"]["httpGet"]["path"] == "/health"
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready?exclude=cache"
    assert deployment["replicas"] >= 2
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert of_kind("PodDisruptionBudget")["spec"]["minAvailable"] >= 1
    assert of_kind("HorizontalPodAutoscaler")["spec"]["minReplicas"] >= 2


@pytest.mark.spec("X2")
@pytest.mark.spec("L4")
def test_a_pod_is_given_the_time_it_takes_to_end_and_traffic_ends_first() -> None:
    settings = of_kind("ConfigMap")["data"]
    pod = of_kind("Deployment")["spec"]["template"]["spec"]
    probe = pod["containers"][0]["readinessProbe"]
    delay, work = int(settings["SHUTDOWN_DELAY_SECONDS"]), int(settings["SHUTDOWN_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] > delay + work
    assert delay > probe["periodSeconds"] * probe["failureThreshold"]


@pytest.mark.spec("H5")
def test_secrets_are_named_and_not_given_and_every_setting_is_one() -> None:
    assert "Secret" not in {manifest["kind"] for manifest in MANIFESTS}
    settings = of_kind("ConfigMap")["data"]
    assert set(settings) <= VARIABLES
    for kind in WORKLOADS:
        pod = of_kind(kind)["spec"]["template"]["spec"]
        [mount] = [m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "secrets"]
        files = [path for name, path in settings.items() if name.endswith("_FILE")]
        assert files and all(path.startswith(mount["mountPath"]) for path in files)


@pytest.mark.spec("X2")
def test_all_that_select_pods_select_the_same_ones() -> None:
    labels = of_kind("Deployment")["spec"]["template"]["metadata"]["labels"]
    chosen = [
        of_kind("Deployment")["spec"]["selector"]["matchLabels"],
        of_kind("Service")["spec"]["selector"],
        of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        of_kind("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(each.items() <= labels.items() for each in chosen)
    assert of_kind("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"] == "backend-dojo"


@pytest.mark.spec("X6")
def test_the_world_comes_in_by_tls_and_not_to_what_is_for_the_inside() -> None:
    ingress = of_kind("Ingress")
    hosts = {rule["host"] for rule in ingress["spec"]["rules"]}
    assert {host for tls in ingress["spec"]["tls"] for host in tls["hosts"]} == hosts
    paths = {one["path"] for rule in ingress["spec"]["rules"] for one in rule["http"]["paths"]}
    assert "/api" in paths
    assert not paths & {"/", "/metrics", "/ready"}
