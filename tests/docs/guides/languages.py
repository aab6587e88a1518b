"""How the program of a guide is built and run, language by language."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from examples import Block
from process import REPOSITORY, run
from program import CPP_MARK, MARK, examples, program

CLIENTS = REPOSITORY / "build" / "clients"
RUNNERS = REPOSITORY / "tests" / "conformance" / "runners"


@dataclass(frozen=True)
class Language:
    name: str  # of the page in docs/clients, and of the conformance runner
    fence: str
    mark: str  # a statement that prints the mark
    file: str
    # Makes the program in a folder ready to run, and returns the command.
    prepare: Callable[[Path], list[str | Path]]

    @property
    def page(self) -> Path:
        return REPOSITORY / "docs" / "clients" / f"{self.name}.md"

    @property
    def examples(self) -> list[Block]:
        return examples(self.page, self.fence)

    def program(self) -> str:
        return program(self.page, self.fence, self.mark)

    def install(self) -> None:
        """Builds the package and installs it as its users do, as the conformance suite does."""
        done = run([RUNNERS / self.name / "build"], dict(os.environ), timeout=3600)
        assert done.returncode == 0, done.stderr


def prepare_cpp(folder: Path) -> list[str | Path]:
    """The target guide_cpp takes the program from the page by itself."""
    preset = os.environ.get("CONFORMANCE_PRESET", "release")
    build = ["cmake", "--build", "--preset", preset, "--target", "guide_cpp"]
    done = run(build, dict(os.environ), cwd=REPOSITORY, timeout=3600)
    assert done.returncode == 0, done.stdout
    return [REPOSITORY / "build" / preset / "bin" / "guide_cpp"]


def prepare_go(folder: Path) -> list[str | Path]:
    module = (RUNNERS / "go" / "go.mod").read_text()
    package = REPOSITORY / "client" / "go"
    (folder / "go.mod").write_text(re.sub(r"=> .*client/go$", f"=> {package}", module, flags=re.M))
    shutil.copy(RUNNERS / "go" / "go.sum", folder)
    done = run(["go", "build", "-mod=mod", "-o", "guide", "."], dict(os.environ), cwd=folder)
    assert done.returncode == 0, done.stderr
    return [folder / "guide"]


def prepare_java(folder: Path) -> list[str | Path]:
    classes = f"{CLIENTS / 'java' / 'classes'}:{CLIENTS / 'java' / 'lib'}/*"
    return ["java", "-cp", classes, "Guide.java"]


def prepare_node(folder: Path) -> list[str | Path]:
    (folder / "node_modules").symlink_to(CLIENTS / "node" / "node_modules")
    return ["node", "guide.mjs"]


def prepare_python(folder: Path) -> list[str | Path]:
    return [CLIENTS / "python" / "bin" / "python", "guide.py"]


LANGUAGES = [
    Language("cpp", "cpp", CPP_MARK, "guide.cc", prepare_cpp),
    Language("go", "go", f'fmt.Println("{MARK}")', "guide.go", prepare_go),
    Language("java", "java", f'System.out.println("{MARK}");', "Guide.java", prepare_java),
    Language("node", "js", f'console.log("{MARK}");', "guide.mjs", prepare_node),
    Language("python", "python", f'print("{MARK}", flush=True)', "guide.py", prepare_python),
]
