"""The chart gives valid and safe objects for all that its values say, and settings mutexd takes.

kubeconform judges the objects, by the schemas of Kubernetes that the package kubernetes-validate brings, so that
nothing is downloaded.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from certificates import Authority
from process import REPOSITORY, binary, run

CHART = REPOSITORY / "deploy" / "helm" / "mutexd"
CASES = sorted(CHART.glob("ci/*-values.yaml"))
# The oldest that the chart takes, and a new one.
KUBERNETES = ("1.30", "1.34")
CUSTOM_KINDS = "ServiceMonitor"
SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"


def helm(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["helm", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )


def rendered(chart: Path, *flags: object, version: str = KUBERNETES[0]) -> list[dict]:
    command = ("template", "release", chart, "--kube-version", version, *flags)
    outcome = helm(*command)
    assert outcome.returncode == 0, outcome.stderr
    return [item for item in yaml.safe_load_all(outcome.stdout) if item]


@pytest.fixture(scope="session")
def schemas(tmp_path_factory) -> Path:
    """The schemas, which name their definitions by an address, naming them by a file."""
    root = tmp_path_factory.mktemp("schemas")
    for version in KUBERNETES:
        (root / version).mkdir()
        for schema in (SCHEMAS / f"v{version}.0-local-strict").glob("*.json"):
            text = schema.read_text().replace('"/api/_definitions.json#', '"_definitions.json#')
            content = json.loads(text)
            for address in ("$id", "$schema"):
                content.pop(address, None)
            (root / version / schema.name).write_text(json.dumps(content))
    return root


def complaints(items: list[dict], schemas: Path, version: str = KUBERNETES[0]) -> str:
    """What kubeconform finds wrong; each object must be of a kind that it knows."""
    place = schemas / version / "{{.ResourceKind}}{{.KindSuffix}}.json"
    outcome = subprocess.run(
        ["kubeconform", "-strict", "-skip", CUSTOM_KINDS, "-schema-location", place],
        input=yaml.safe_dump_all(items),
        capture_output=True,
        text=True,
        timeout=60,
    )
    return outcome.stdout + outcome.stderr if outcome.returncode else ""


def refusal(*values: str) -> str:
    """What Helm says to values that it does not take."""
    flags = [part for value in values for part in ("--set", value)]
    outcome = helm("template", "release", CHART, "--kube-version", KUBERNETES[0], *flags)
    assert outcome.returncode != 0, outcome.stdout
    return outcome.stderr


def case(name: str, *sets: str) -> list[dict]:
    flags = [part for value in sets for part in ("--set", value)]
    return rendered(CHART, "-f", CHART / "ci" / f"{name}-values.yaml", *flags)


def of_kind(items: list[dict], kind: str) -> dict:
    [item] = [item for item in items if item["kind"] == kind]
    return item


def pod_of(items: list[dict]) -> dict:
    return of_kind(items, "Deployment")["spec"]["template"]["spec"]


def settings_of(items: list[dict]) -> dict[str, str]:
    """The lines of mutexd.toml, by name, as written."""
    text = of_kind(items, "ConfigMap")["data"]["mutexd.toml"]
    return dict(line.split(" = ", 1) for line in text.strip().splitlines())


@pytest.mark.parametrize("values", CASES, ids=lambda path: path.stem)
def test_lint_has_no_complaint(values):
    outcome = helm("lint", "--strict", CHART, "-f", values)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "[WARNING]" not in outcome.stdout


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("values", CASES, ids=lambda path: path.stem)
def test_the_objects_are_what_kubernetes_takes(values, version, schemas):
    items = rendered(CHART, "-f", values, version=version)
    assert items
    assert not complaints(items, schemas, version)


def test_a_field_that_kubernetes_does_not_know_is_complained_of(schemas):
    items = case("plain")
    pod_of(items)["containerz"] = []
    assert "containerz" in complaints(items, schemas)


def documented(name: str) -> bool:
    return f"\n| `{name}` |" in (REPOSITORY / "docs" / "configuration.md").read_text()


@pytest.fixture(scope="module")
def mounted(tmp_path_factory) -> Path:
    """The files that the pod's volumes would hold, below a folder."""
    root = tmp_path_factory.mktemp("mounted")
    folders = [f"etc/mutexd{name}" for name in ("", "-key", "-tls", "-client-ca")]
    for folder in (*folders, "var/lib/mutexd", "run/mutexd"):
        (root / folder).mkdir(parents=True)
    for key in ("management-key", "eu-key"):
        (root / "etc/mutexd-key" / key).write_text("ampex_test_of_the_chart\n")
    authority = Authority(root, "authority")
    own = authority.issue("mutexd", "DNS:mutexd")
    shutil.copy(own.certificate, root / "etc/mutexd-tls/tls.crt")
    shutil.copy(own.key, root / "etc/mutexd-tls/tls.key")
    shutil.copy(authority.certificate, root / "etc/mutexd-client-ca/ca.crt")
    return root


@pytest.mark.parametrize("values", CASES, ids=lambda path: path.stem)
def test_mutexd_takes_the_settings(values, mounted):
    if "callers" in values.stem and not documented("credentials"):
        pytest.skip("this build has no credentials of callers")
    files = of_kind(rendered(CHART, "-f", values), "ConfigMap")["data"]
    lines = files["mutexd.toml"].splitlines()
    # A build without them is not asked about them: the page of the settings is that of the build.
    lines = [line for line in lines if documented(line.partition(" = ")[0])]
    assert len(lines) > 5
    text = re.sub(r"/(etc|var/lib|run)/mutexd", rf"{mounted}\g<0>", "\n".join(lines))
    folder = mounted / "etc" / "mutexd"
    (folder / "policy.toml").write_text(files.get("policy.toml", ""))
    (folder / "mutexd.toml").write_text(text)
    outcome = run([binary("mutexd"), "--config", folder / "mutexd.toml", "--check-config"])
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize(
    ("sets", "processes"),
    [
        ([], 2),
        (["replicas=3"], 3),
        (["autoscaling.enabled=true", "autoscaling.maxReplicas=7"], 7),
        (["mode=sidecar", "sidecar.maxPods=40"], 40),
    ],
)
def test_the_projects_quota_is_divided_among_the_most_processes(sets, processes):
    settings = settings_of(case("plain", *sets))
    assert int(settings["quota-per-day"]) == 100_000 // processes
    assert int(settings["quota-per-second"]) == 100 // processes


def test_an_update_never_has_more_replicas_than_divide_the_quota():
    strategy = of_kind(case("everything"), "Deployment")["spec"]["strategy"]
    assert strategy["rollingUpdate"]["maxSurge"] == 0


@pytest.mark.parametrize("name", ["plain", "everything", "mesh", "sandbox", "callers"])
def test_the_pod_can_do_little(name):
    items = case(name)
    pod = pod_of(items)
    [container] = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    context = container["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["readOnlyRootFilesystem"] is True
    assert context["allowPrivilegeEscalation"] is False
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert "memory" in container["resources"]["limits"]
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]
    for account in (item for item in items if item["kind"] == "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_the_key_is_a_file_from_a_secret_and_nowhere_else():
    items = case("everything")
    pod = pod_of(items)
    [container] = pod["containers"]
    assert "env" not in container
    assert "envFrom" not in container
    [volume] = [volume for volume in pod["volumes"] if volume["name"] == "mutexd-key"]
    assert volume["secret"]["secretName"] == "amplitude"
    [mount] = [mount for mount in container["volumeMounts"] if mount["name"] == "mutexd-key"]
    assert settings_of(items)["amplitude-key-file"] == f'"{mount["mountPath"]}/eu-key"'


def test_every_file_of_the_settings_is_mounted_and_no_mount_is_inside_another():
    items = case("everything")
    [container] = pod_of(items)["containers"]
    folders = [Path(mount["mountPath"]) for mount in container["volumeMounts"]]
    for name in ("amplitude-key-file", "tls-cert", "tls-key", "tls-client-ca", "authz-policy"):
        path = Path(settings_of(items)[name].strip('"'))
        assert path.parent in folders, name
    assert not [(a, b) for a in folders for b in folders if a in b.parents]


def test_out_go_only_names_and_amplitude():
    policy = of_kind(case("plain"), "NetworkPolicy")["spec"]
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
    assert ports == {53, 443}
    assert all(rule["to"] for rule in policy["egress"])
    [amplitude] = [rule for rule in policy["egress"] if rule["ports"][0]["port"] == 443]
    assert "169.254.0.0/16" in amplitude["to"][0]["ipBlock"]["except"]
    assert all(rule["from"] for rule in policy["ingress"])


@pytest.mark.parametrize("name", ["plain", "everything"])
def test_a_pod_may_end_in_its_own_time(name):
    items = case(name)
    pod = pod_of(items)
    pre_stop = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = int(settings_of(items)["drain-timeout"].strip('"s'))
    assert pod["terminationGracePeriodSeconds"] >= pre_stop + drain + 10


def test_other_settings_are_other_pods():
    def checksum(*sets: str) -> str:
        template = of_kind(case("plain", *sets), "Deployment")["spec"]["template"]
        return template["metadata"]["annotations"]["checksum/settings"]

    assert checksum() == checksum()
    assert checksum() != checksum("settings.log-level=debug")


def test_the_sidecar_comes_into_the_pods_of_another_chart(tmp_path, schemas):
    app = tmp_path / "app"
    shutil.copytree(Path(__file__).parent / "sidecar_app", app)
    shutil.copytree(CHART, app / "charts" / "mutexd")
    items = rendered(app)
    assert not complaints(items, schemas)
    pod = pod_of(items)
    [sidecar] = pod["initContainers"]
    [own] = pod["containers"]
    # Kubernetes starts such a container before the app and ends it after the app.
    assert sidecar["restartPolicy"] == "Always"
    assert sidecar["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert sidecar["securityContext"]["readOnlyRootFilesystem"] is True
    shared = {mount["name"] for mount in own["volumeMounts"]} & {
        mount["name"] for mount in sidecar["volumeMounts"]
    }
    assert shared == {"mutexd-socket"}
    [volume] = [volume for volume in pod["volumes"] if volume["name"] == "mutexd-socket"]
    assert "emptyDir" in volume
    assert own["env"] == [{"name": "MUTEXGROUPS_ADDRESS", "value": "unix:/run/mutexd/mutexd.sock"}]
    assert settings_of(items)["listen"] == '["unix:/run/mutexd/mutexd.sock"]'
    assert {item["kind"] for item in items} == {"Deployment", "ConfigMap"}


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ([], "amplitude.keySecret.name: name the Secret"),
        (["amplitude.keySecret.name=k"], "tls.secretName: name the Secret"),
        (["sandbox=true", "tls.enabled=false", "quota.perSecond=1"], "quota.perSecond"),
        (
            ["sandbox=true", "tls.enabled=false", "settings.listen=0.0.0.0:1"],
            "settings.listen: is made from the chart's other values",
        ),
        (
            [
                *("sandbox=true", "tls.enabled=false", "autoscaling.enabled=true"),
                *("autoscaling.minReplicas=5", "autoscaling.maxReplicas=4"),
            ],
            "autoscaling.maxReplicas: is below",
        ),
        (["mode=daemon"], "mode"),
        (["replcias=3"], "replcias"),
        (["amplitude.url=http://example.com"], "amplitude.url"),
        (["drainTimeoutSeconds=25s"], "drainTimeoutSeconds"),
    ],
)
def test_values_that_make_no_sense_are_told_by_their_names(sets, said):
    assert said in refusal(*sets)
