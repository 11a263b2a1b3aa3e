"""Checks the rendered Kubernetes objects of an overlay, which no cluster has seen: each is valid, strictly, for the
oldest and the newest version; each name and selector leads to an object; each Pod is confined."""

import sys

import kubernetes_validate
import yaml

# `sleep` in preStop is 1.30's.
VERSIONS = ("1.30", "1.37")
POD_MAKERS = ("Deployment", "StatefulSet")


def matches(selector, labels):
    """Whether a label selector of any kind matches."""
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return selector.items() <= labels.items()
    expressions = selector.get("matchExpressions", [])
    assert all(expression["operator"] == "In" for expression in expressions), expressions
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(expression["key"]) in expression["values"] for expression in expressions
    )


class Overlay:
    def __init__(self, objects):
        self.objects = objects
        self.names = {(each["kind"], each["metadata"]["name"]) for each in objects}
        assert len(self.names) == len(objects), "two objects have one name"

    def of(self, *kinds):
        return [each for each in self.objects if each["kind"] in kinds]

    def labels(self):
        return [maker["spec"]["template"]["metadata"]["labels"] for maker in self.of(*POD_MAKERS)]

    def selects_a_pod(self, selector):
        assert any(matches(selector, labels) for labels in self.labels()), f"no Pod has {selector}"

    def has(self, kind, name):
        assert (kind, name) in self.names, f"there is no {kind} {name}"

    def check_namespace(self):
        (namespace,) = self.of("Namespace")
        for each in self.objects:
            if each is not namespace:
                assert each["metadata"]["namespace"] == namespace["metadata"]["name"], each
        assert not self.of("Secret"), "secrets are the user's"

    def check_references(self):
        for service in self.of("Service"):
            self.selects_a_pod(service["spec"]["selector"])
        for budget in self.of("PodDisruptionBudget"):
            self.selects_a_pod(budget["spec"]["selector"])
        for scaler in self.of("HorizontalPodAutoscaler"):
            target = scaler["spec"]["scaleTargetRef"]
            self.has(target["kind"], target["name"])
        for ingress in self.of("Ingress"):
            for rule in ingress["spec"]["rules"]:
                for path in rule["http"]["paths"]:
                    self.has("Service", path["backend"]["service"]["name"])
        for policy in self.of("NetworkPolicy"):
            self.check_policy(policy["spec"])

    def check_policy(self, spec):
        if spec["podSelector"]:
            self.selects_a_pod(spec["podSelector"])
        peers = [peer for rule in spec.get("ingress", []) for peer in rule["from"]]
        peers += [peer for rule in spec.get("egress", []) for peer in rule["to"]]
        for peer in peers:
            if "podSelector" in peer and "namespaceSelector" not in peer:
                self.selects_a_pod(peer["podSelector"])

    def check_pods(self):
        for maker in self.of(*POD_MAKERS):
            spec, pod = maker["spec"], maker["spec"]["template"]["spec"]
            assert matches(spec["selector"], spec["template"]["metadata"]["labels"]), maker
            (container,) = pod["containers"]
            check_confined(pod, container)
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                assert container[probe], probe
            assert container["resources"]["requests"] and container["resources"]["limits"]["memory"]
            for spread in pod.get("topologySpreadConstraints", []):
                self.selects_a_pod(spread["labelSelector"])
            self.check_volumes(spec, pod, container)

    def check_volumes(self, spec, pod, container):
        for volume in pod.get("volumes", []):
            # Neither a folder of the node nor a token of the API.
            assert set(volume) == {"name", "configMap"}, volume
            self.has("ConfigMap", volume["configMap"]["name"])
        claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])]
        volumes = claims + [volume["name"] for volume in pod.get("volumes", [])]
        assert sorted(volumes) == sorted(mount["name"] for mount in container.get("volumeMounts", []))
        if claims:
            assert spec["replicas"] == 1, "an SQLite file belongs to one process"
            self.has("Service", spec["serviceName"])
        else:
            # Others answer while it stops.
            assert container["lifecycle"]["preStop"]["sleep"]


def check_confined(pod, container):
    """The restricted profile of the Pod Security Standards, a root that cannot be written, and no token."""
    assert pod["automountServiceAccountToken"] is False and pod["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(pod), pod
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert not any("hostPort" in port for port in container["ports"]), container["ports"]


objects = [each for each in yaml.safe_load_all(sys.stdin) if each]
for each in objects:
    for version in VERSIONS:
        kubernetes_validate.validate(each, version, strict=True)
overlay = Overlay(objects)
overlay.check_namespace()
overlay.check_references()
overlay.check_pods()
print(f"{len(objects)} objects are valid")
