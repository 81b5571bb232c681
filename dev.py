#!/usr/bin/env python3
"""Build, train and test tilestack from its sources, with nothing but Python 3.10+ and a C++20 compiler.

    python3 dev.py train [...]     install into .venv, then `tilestack train mnist ...`
    python3 dev.py test [...]      install into .venv, then pytest ...
    python3 dev.py setup           install into .venv with everything for tests and lint
    python3 dev.py lint            ruff, clang-format, codespell, mypy
    python3 dev.py sanitize [...]  pytest ... under AddressSanitizer and UndefinedBehaviorSanitizer
    python3 dev.py emulate [...]   pytest ... with a GPU emulated on the CPU; first argument --race or --asan: with its
                                   race detector, with AddressSanitizer

The environment lives in .venv, so a system Python that is externally managed (PEP 668) is left alone. tilestack is
installed again only when its sources have changed.
"""

import ast
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
BUILD = ROOT / "build"
STAMPS = VENV / "tilestack-stamps"
SOURCES = ["CMakeLists.txt", "pyproject.toml", "csrc", "python"]
TEXTS = ["bench", "csrc", "dev.py", "docs", "pyproject.toml", "python", "tests", "tools"]
SANITIZERS = "address,undefined"
# Fibers have stacks of their own; a bad access becomes an error of the launch.
EMULATOR_ASAN_OPTIONS = "detect_leaks=0:halt_on_error=0:detect_stack_use_after_return=0:allow_user_segv_handler=1"


def main() -> int:
    verbs = {"train": train, "test": test, "setup": setup, "lint": lint, "sanitize": sanitize, "emulate": emulate}
    verb, arguments = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if verb not in verbs:
        print(__doc__.strip(), file=sys.stderr)
        return 0 if verb in ("-h", "--help") else 2
    if sys.version_info < (3, 10):  # noqa: UP036
        stop(f"tilestack needs Python 3.10 or later, this is {platform.python_version()}")
    try:
        return verbs[verb](arguments)
    except KeyboardInterrupt:
        return 130


def train(arguments: list) -> int:
    install()
    return call([BIN / "tilestack", "train", "mnist", *arguments])


def test(arguments: list) -> int:
    install("test")
    return call([PYTHON, "-m", "pytest", *arguments], cwd=ROOT)


def setup(arguments: list) -> int:
    install("test", "lint")
    return 0


def lint(arguments: list) -> int:
    environment("lint")
    sources = [path for kind in ("h", "cpp", "cu", "cuh") for path in sorted((ROOT / "csrc").rglob(f"*.{kind}"))]
    checks = [
        [PYTHON, "-m", "ruff", "check", "."],
        [PYTHON, "-m", "ruff", "format", "--check", "."],
        [BIN / "clang-format", "--dry-run", "--Werror", *sources],
        [BIN / "codespell", *(path for path in sorted(ROOT.iterdir()) if path.name in TEXTS or path.suffix == ".md")],
        [PYTHON, "-m", "mypy"],
    ]
    failed = [Path(check[0]).name if check[1] != "-m" else check[2] for check in checks if call(check, cwd=ROOT)]
    if failed:
        print(f"lint: failed: {', '.join(failed)}")
    return 1 if failed else 0


def sanitize(arguments: list) -> int:
    """A build of its own beside the installed one; the tests find it first on their path."""
    environment("build", "test", "dependencies")
    build, site = BUILD / "sanitize", BUILD / "sanitize" / "site" / "tilestack"
    config = [*cmake_options(), f"-DTILESTACK_SANITIZE={SANITIZERS}", "-DSKBUILD_PROJECT_VERSION=0+sanitize"]
    config.append("-DCMAKE_BUILD_TYPE=None")  # with assertions
    if platform.machine() in ("x86_64", "AMD64"):
        config.append("-DTILESTACK_ISAS=avx2")  # one suffices: they are the same sources
    run_logged([BIN / "cmake", "-S", ROOT, "-B", build, *config], "configure the sanitizer build")
    run_logged([BIN / "cmake", "--build", build], "build with " + SANITIZERS)
    shutil.rmtree(site.parent, ignore_errors=True)
    shutil.copytree(ROOT / "python" / "tilestack", site, ignore=shutil.ignore_patterns("__pycache__", "_core*.so"))
    for extension in build.glob("_core*.so"):
        shutil.copy(extension, site)
    variables = {
        "PYTHONPATH": str(site.parent),
        "LD_PRELOAD": sanitizer_libraries(),
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
    }
    # pytest would keep to itself what a process says on its end.
    return call([PYTHON, "-m", "pytest", "--capture=sys", *arguments], cwd=ROOT, env={**os.environ, **variables})


def sanitizer_libraries() -> str:
    return " ".join(output([compiler(), f"-print-file-name=lib{name}.so"]) for name in ("asan", "stdc++"))


def emulate(arguments: list) -> int:
    """The CUDA kernels, compiled for the CPU, are the device cuda of the installed package. Parity tests run on it alone.
    TILESTACK_EMULATOR_SEED chooses the order of threads, blocks and asynchronous work."""
    install("test")
    kind, build = "ON", BUILD / "emulator"
    if arguments[:1] in (["--race"], ["--asan"]):
        kind, arguments = arguments[0][2:].upper(), arguments[1:]
        build = build.with_name(f"emulator-{kind.lower()}")
    config = [*cmake_options(), f"-DTILESTACK_EMULATOR={kind}"]
    run_logged([BIN / "cmake", "-S", ROOT, "-B", build, *config], "configure")
    run_logged([BIN / "cmake", "--build", build, "--target", "_cuda_emulated"], "build the CUDA kernels for the CPU")
    variables = {"TILESTACK_CUDA_MODULE": str(build / "_cuda_emulated.so"), "TILESTACK_TEST_BACKENDS": "cuda"}
    if kind == "ASAN":
        variables |= {"LD_PRELOAD": sanitizer_libraries(), "ASAN_OPTIONS": EMULATOR_ASAN_OPTIONS}
    return call([PYTHON, "-m", "pytest", *arguments], cwd=ROOT, env={**os.environ, **variables})


def cmake_options() -> list:
    pybind11 = output([PYTHON, "-m", "pybind11", "--cmakedir"])
    return ["-G", "Ninja", f"-DPython_EXECUTABLE={PYTHON}", "-DCMAKE_BUILD_TYPE=Release", f"-Dpybind11_DIR={pybind11}"]


def install(*groups: str) -> None:
    """tilestack and the dependency groups in .venv, up to date."""
    environment("build", *groups)
    state = fingerprint(SOURCES) + os.environ.get("CMAKE_ARGS", "")
    if fresh("install", state):
        return
    check_compiler()
    # Without isolation the build folder stays usable, so that only what changed is compiled again.
    again = ["--force-reinstall", "--no-deps"] if installed() else []
    command = [PYTHON, "-m", "pip", "install", "--verbose", "--no-build-isolation", *again, "."]
    run_logged(command, "build and install tilestack (1 to 3 minutes the first time)")
    mark("install", state)


def environment(*groups: str) -> None:
    """.venv with a pip that knows dependency groups, and the packages of these groups."""
    if not working():
        create()
    for group in groups:
        state = fingerprint(["pyproject.toml"])
        if not fresh(group, state):
            wanted = dependencies() if group == "dependencies" else ["--group", group]
            run_logged([PYTHON, "-m", "pip", "install", *wanted], f"install the packages for: {group}")
            mark(group, state)


def dependencies() -> list:
    """What tilestack itself needs. Python 3.10 can't read TOML, but this list is written as in Python."""
    text = (ROOT / "pyproject.toml").read_text()
    return ast.literal_eval(re.search(r"^dependencies = (\[.*?\])", text, re.MULTILINE | re.DOTALL)[1])


def working() -> bool:
    try:
        return subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True).returncode == 0
    except OSError:
        return False


def create() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    say(f"create {shown(VENV)} for Python {platform.python_version()}")
    if subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True).returncode:
        create_by_virtualenv()  # Debian's Python has no ensurepip unless python3-venv is installed
    run_logged([PYTHON, "-m", "pip", "install", "--upgrade", "pip>=25.1"], "update pip in it")


def create_by_virtualenv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    tool = BUILD / "virtualenv"  # --target leaves the system's packages alone
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode:
        stop(
            "this Python can make no virtual environment: it has neither ensurepip nor pip.\n"
            "On Debian and Ubuntu: apt-get install python3-venv"
        )
    run_logged([sys.executable, "-m", "pip", "install", "--target", tool, "virtualenv"], "fetch virtualenv")
    call([sys.executable, "-m", "virtualenv", "--quiet", VENV], env={**os.environ, "PYTHONPATH": str(tool)})
    if not working():
        stop("virtualenv could not make the environment")


def installed() -> bool:
    return subprocess.run([PYTHON, "-m", "pip", "show", "--quiet", "tilestack"], capture_output=True).returncode == 0


def compiler() -> str:
    names = [os.environ.get("CXX", ""), "c++", "g++", "clang++"]
    return next((found for found in map(shutil.which, filter(None, names)) if found), "")


def check_compiler() -> None:
    path = compiler()
    if not path:
        stop("no C++ compiler found.\nOn Debian and Ubuntu: apt-get install g++")
    headers = "#include <concepts>\n#include <span>\n#include <version>\n"
    command = [path, "-std=c++20", "-x", "c++", "-fsyntax-only", "-"]
    if subprocess.run(command, input=headers, capture_output=True, text=True).returncode:
        stop(f"{path} does not know C++20: GCC 11, Clang 14 or later is needed (CXX=... names another)")


def fingerprint(names: list) -> str:
    digest = hashlib.sha256(platform.python_version().encode())
    for top in (ROOT / name for name in names):
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def fresh(name: str, state: str) -> bool:
    stamp = STAMPS / name
    return stamp.is_file() and stamp.read_text() == state


def mark(name: str, state: str) -> None:
    STAMPS.mkdir(exist_ok=True)
    (STAMPS / name).write_text(state)


def run_logged(command: list, what: str) -> None:
    """Run with the output in a file; show its end if it fails."""
    BUILD.mkdir(exist_ok=True)
    log = BUILD / "dev.log"
    print(f"dev.py: {what} ... ", end="", flush=True)
    started = time.monotonic()
    with open(log, "w") as file:
        file.write(" ".join(map(str, command)) + "\n")
        file.flush()
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, cwd=ROOT)
        while (code := wait(process)) is None:
            show_step(log)
    if code:
        print("failed\n" + "\n".join(log.read_text(errors="replace").splitlines()[-40:]))
        stop(f"could not {what}; the whole log is {shown(log)}")
    print(f"{time.monotonic() - started:.0f} s        ")


def wait(process: subprocess.Popen):
    try:
        return process.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        return None


def show_step(log: Path) -> None:
    """On a terminal, how far ninja is: [12/345], over itself."""
    with open(log, "rb") as file:
        file.seek(max(0, log.stat().st_size - 4000))
        steps = re.findall(rb"\[\d+/\d+\]", file.read())
    if steps and sys.stdout.isatty():
        text = steps[-1].decode()
        print(text, end="\b" * len(text), flush=True)


def call(command: list, **options) -> int:
    say(" ".join(shown(part) for part in command[:8]) + (" ..." if len(command) > 8 else ""))
    sys.stdout.flush()
    try:
        return subprocess.run(command, **options).returncode
    except KeyboardInterrupt:  # the command has had it too and has ended as it does then
        return 130


def output(command: list) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def shown(part) -> str:
    return str(part).replace(str(ROOT) + os.sep, "")


def say(text: str) -> None:
    print(f"dev.py: {text}", flush=True)


def stop(message: str) -> None:
    sys.exit(f"dev.py: {message}")


if __name__ == "__main__":
    sys.exit(main())
