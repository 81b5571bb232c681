from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from html.parser import HTMLParser

import numpy as np
import pytest

import tilestack as ts
from tilestack import cli
from tilestack.data.mnist import load_mnist
from tilestack.vision import write_png


def small_set(folder, count=300):
    """The first digits of the sample, as the files of MNIST."""
    data = load_mnist()
    for part, images, labels in (
        ("train", data.train_images, data.train_labels),
        ("t10k", data.test_images, data.test_labels),
    ):
        for kind, array in (("images-idx3", images[:count]), ("labels-idx1", labels[:count])):
            header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
            (folder / f"{part}-{kind}-ubyte").write_bytes(header + array.tobytes())
    return folder


def command(*arguments, **options):
    """The command in a process of its own, as a user runs it."""
    call = [sys.executable, "-m", "tilestack", *map(str, arguments)]
    return subprocess.run(call, capture_output=True, text=True, timeout=300, **options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with the results of a short run."""
    out = tmp_path_factory.mktemp("run") / "new" / "folder"
    run = command("train", "mnist", "--epochs", 3, "--out", out)
    assert run.returncode == 0, run.stderr
    out.with_name("output.txt").write_text(run.stdout)
    return out


def test_train_writes_its_files_and_says_where(trained):
    assert sorted(path.name for path in trained.iterdir()) == ["log.csv", "model.safetensors", "report.html"]
    said = trained.with_name("output.txt").read_text()
    for name in ("log.csv", "model.safetensors", "report.html"):
        assert str(trained / name) in said
    assert "4,000 images to train on, 1,000 held back" in said
    share = re.search(r"([\d,]+) of 1,000 held-back images are right", said)
    assert share
    assert int(share.group(1)) > 900
    assert "samples/s" in said
    head, *rows = (trained / "log.csv").read_text().splitlines()
    assert {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "lr", "seconds"} <= set(head.split(","))
    assert len(rows) == 3


class Page(HTMLParser):
    VOID = ("meta", "img", "br")

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.sources, self.text = [], [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_the_report_is_whole_and_self_contained(trained):
    html = (trained / "report.html").read_text("utf-8")
    page = Page()
    page.feed(html)
    assert page.open == []
    assert page.sources
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert "http" not in html
    assert page.tags.count("svg") == 3
    for title in ("Loss", "Accuracy", "Gradient norm of each layer", "Confusion matrix", "First-layer filters"):
        assert title in page.text
    for title in ("Worst mistakes", "Settings", "Machine and timings"):
        assert title in page.text
    assert "nan" not in html.lower().replace("--nan", "")
    right = int(re.search(r"(\d+) of 1,000 held-back", trained.with_name("output.txt").read_text()).group(1))
    assert page.tags.count("figure") == min(22, 1000 - right)
    assert len(html) < 200_000


def test_predict(trained, tmp_path):
    data = load_mnist()
    images = []
    for i in range(20):
        large = 255 - np.pad(np.kron(data.test_images[i], np.ones((5, 5))), 20)
        images.append(tmp_path / f"digit{i}.png")
        images[-1].write_bytes(write_png(np.repeat(large[:, :, None], 3, axis=2)))
    run = command("predict", *images, "--model", trained)
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert len(lines) == 20
    assert all(re.fullmatch(r".*digit\d+\.png: \d \(\d+\.\d%; next \d, \d+\.\d%\)", line) for line in lines)
    read = [int(re.search(r"png: (\d)", line).group(1)) for line in lines]
    assert (np.array(read) == data.test_labels[:20]).sum() >= 17
    again = command("predict", images[0], "--model", trained / "model.safetensors")
    assert again.stdout == lines[0] + "\n"


def test_predict_goes_on_after_a_bad_picture(trained, tmp_path):
    text, blank, digit = tmp_path / "text.png", tmp_path / "blank.png", tmp_path / "digit.png"
    text.write_text("this is no picture")
    blank.write_bytes(write_png(np.full((50, 50), 255)))
    digit.write_bytes(write_png(load_mnist().test_images[0]))
    run = command("predict", text, blank, digit, tmp_path / "gone.png", tmp_path, "--model", trained)
    assert run.returncode == 2
    assert len(run.stdout.splitlines()) == 1
    errors = run.stderr.splitlines()
    assert len(errors) == 4
    assert all(line.startswith("tilestack: ") for line in errors)
    assert str(text) in errors[0]
    assert "no digit in the image" in errors[1]
    assert "No such file" in errors[2]


def test_doctor():
    run = command("doctor", env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert run.returncode == 0, run.stderr
    facts = dict(line.split(":", 1) for line in run.stdout.splitlines())
    assert ts.__version__ in facts["tilestack"]
    assert ts.isas()[-1] in facts["Instruction set"]
    assert facts["Threads"].split()[0] == "1"
    assert "OMP_NUM_THREADS" in facts["Threads"]
    assert "GiB" in facts["Memory"]
    assert facts["CUDA"].split(":")[0].strip() in ("on", "off")
    assert {"Python", "System", "Processor", "Huge pages", "pillow", "matplotlib"} <= facts.keys()
    least = command("doctor", env={**os.environ, "TILESTACK_ISA": ts.isas()[0]})
    assert f"{ts.isas()[0]} (TILESTACK_ISA={ts.isas()[0]} asks for it" in least.stdout


def test_version_and_help():
    assert command("--version").stdout.strip() == f"tilestack {ts.__version__}".strip()
    said = command("train", "mnist", "--help").stdout
    for option in ("--model", "--epochs", "--seed", "--data", "--out", "--device", "--threads", "--resume", "--lr"):
        assert option in said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "COMMAND"),
        (["trian"], "trian"),
        (["train"], "TASK"),
        (["train", "svhn"], "svhn"),
        (["train", "mnist", "--epoch", "3"], "--epoch"),
        (["train", "mnist", "--epochs", "0"], "wanted at least 1, got 0"),
        (["train", "mnist", "--epochs", "many"], "wanted a number, got 'many'"),
        (["train", "mnist", "--lr", "nan"], "got nan"),
        (["train", "mnist", "--seed", "-1"], "--seed"),
        (["train", "mnist", "--model", "resnet"], "resnet"),
        (["train", "mnist", "--device", "tpu"], "tpu"),
        (["train", "mnist", "--data", "no/such/folder"], "no such folder: no/such/folder"),
        (["train", "mnist", "--data", "."], "train-images-idx3-ubyte"),
        (["train", "mnist", "--out", "/proc/tilestack"], "--out /proc/tilestack: cannot write there"),
        (["train", "mnist", "--out", "a-file"], "--out a-file: cannot write there"),
        (["train", "mnist", "--resume"], "no unfinished run"),
        (["predict"], "IMAGE"),
        (["predict", "x.png"], "no trained model"),
        (["predict", "x.png", "--model", "a-file"], "a-file"),
    ],
)
def test_errors_are_one_line_and_exit_with_2(arguments, reason, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").write_text("nothing much")
    with pytest.raises(SystemExit) as stop:
        sys.exit(cli.main(arguments))
    said = capsys.readouterr()
    assert stop.value.code == 2
    assert reason in said.err
    assert said.err.startswith("tilestack")
    assert said.err.count("\n") == 1


def test_cuda_without_a_gpu(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ts.cuda, "is_available", lambda: False)
    assert cli.main(["train", "mnist", "--device", "cuda"]) == 2
    assert ts.cuda.why_not() in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


AS_NOBODY = """
import os, sys
import locale  # the command could not load it later
import tilestack.cli.train
if os.getuid() == 0:
    os.setuid(65534)
sys.exit(tilestack.cli.main(sys.argv[1:]))
"""


def test_a_read_only_folder_is_found_before_training():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        call = [sys.executable, "-c", AS_NOBODY, "train", "mnist", "--out", folder]
        run = subprocess.run(call, capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr == f"tilestack: --out {folder}: cannot write there: Permission denied\n"


def test_a_damaged_model_is_named(trained, tmp_path):
    whole = (trained / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:-5])
    run = command("predict", "x.png", "--model", tmp_path)
    assert run.returncode == 2
    assert "truncated" in run.stderr
    ts.save_file({"x": ts.ones(3)}, tmp_path / "model.safetensors")
    run = command("predict", "x.png", "--model", tmp_path)
    assert run.returncode == 2
    assert "not a model of" in run.stderr


def test_an_interrupted_run_is_resumed_to_the_same_model(tmp_path):
    data = small_set(tmp_path)
    options = ["train", "mnist", "--data", data, "--epochs", 12, "--batch-size", 8]
    assert command(*options, "--out", tmp_path / "whole").returncode == 0
    call = [sys.executable, "-c", "import sys; from tilestack.cli import main; sys.exit(main())", *map(str, options)]
    call += ["--out", str(tmp_path / "parts")]
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (tmp_path / "parts" / "checkpoint.safetensors").exists():
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, (said, errors)
    assert "--resume" in said
    assert "Traceback" not in errors
    assert [path.name for path in (tmp_path / "parts").iterdir()] == ["checkpoint.safetensors"]
    anew = command(*options, "--out", tmp_path / "parts")
    assert anew.returncode == 2
    assert "--resume goes on with it" in anew.stderr
    other = command(*options, "--seed", 1, "--out", tmp_path / "parts", "--resume")
    assert other.returncode == 2
    assert "that run has seed 0, not 1" in other.stderr
    resumed = command(*options, "--out", tmp_path / "parts", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    whole, parts = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "parts"))
    assert whole == parts
