"""A class of forty in this repository's own assignments, to look at: ``python -m tests.service_web.rich_class``.

Exercises, points, checks and mistakes are read from source/ and tests/hidden/; who got what is drawn. Open
/login/<name> first: the stand-in for the hub then logs every visitor in as that user ("ira" is the instructor).
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import json
import random
import tempfile
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from tornado.httpserver import HTTPServer
from tornado.web import RequestHandler, StaticFileHandler

from autograder.course.layout import Course
from autograder.record import Check, ExerciseResult
from autograder.service import orders
from autograder.service.attempts import Attempt
from autograder.service.status import Fault, Queued, Refused, Running
from autograder.service.web.server import application, services
from autograder.service.web.settings import Settings
from tests.service_web import classroom
from tests.service_web.fake_hub import SERVICE_TOKEN, Token, Who, instructor, student

ROOT = Path(__file__).parents[2]
FIRST = (
    "Ada Ben Chiara Dmitri Elif Farid Grace Hugo Ines Jun Kofi Lena Mateo Nadia Oskar Priya Quentin Rosa Sven Tomoko"
)
LAST = "Abel Brandt Costa Dubois Eriksen Fischer Garcia Haddad Ivanova Jansen"
Shape = tuple[str, float, list[tuple[str, str, float]], list[str]]  # name, points, (test, sentence, weight), mistakes


def shapes(assignment: str) -> list[Shape]:
    """The exercises of an assignment, as its notebook and its hidden suite have them."""
    cells = json.loads((ROOT / "source" / assignment / f"{assignment}.ipynb").read_text())["cells"]
    metadata = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    suite = ROOT / "tests" / "hidden" / assignment
    checks: dict[str, list[tuple[str, str, float]]] = {}
    for path in sorted(suite.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and getattr(mark.func, "attr", "") == "exercise":
                        weight = next((k.value.value for k in mark.keywords if k.arg == "weight"), 1)
                        told = " ".join((ast.get_docstring(node) or node.name).partition("\n\n")[0].split())
                        checks.setdefault(mark.args[0].value, []).append(
                            (f"{path.name}::{node.name}", told, float(weight))
                        )
    mistakes: dict[str, list[str]] = {}
    for path in [*suite.glob("misconceptions.py"), *suite.glob("misconceptions/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "misconception":
                texts = [
                    part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
                if len(texts) >= 2:
                    mistakes.setdefault(texts[0], []).append(texts[-1])
    found: list[Shape] = []
    for entry in metadata:
        name = str(entry.get("grade_id", "")).removeprefix("test_")
        if entry.get("grade") and not entry.get("solution") and name in checks:
            found.append((name, float(entry["points"]), checks[name], mistakes.get(name, [])))
    return found


def answer(draw: random.Random, shape: Shape, skill: float) -> ExerciseResult:
    """One student's exercise."""
    name, points, checks, mistakes = shape
    made = []
    nothing = draw.random() > skill + 0.55
    for test, sentence, weight in checks:
        for case in ("float32-7", "float64-7") if draw.random() < 0.4 else ("x",):
            passed = not nothing and draw.random() < 0.55 + skill / 2
            told = draw.choice(
                ("values differ: 12 of 40 entries, the largest relative error is 0.31",
                 "the shape is (8, 1); expected (8,)",
                 "raised ValueError: operands could not be broadcast together with shapes (8,3) (8,)", "returned NaN")
            )  # fmt: skip
            told = "raised NotImplementedError" if nothing else told
            made.append(
                Check(f"{test}[{case}]", sentence, weight, "passed" if passed else "failed", "" if passed else told)
            )
    total = sum(check.weight for check in made)
    score = points * sum(check.weight for check in made if check.outcome == "passed") / total
    wrong = score < points and not nothing and mistakes and draw.random() < 0.6
    return ExerciseResult(name, points, score, tuple(made), draw.choice(mistakes[:3]) if wrong else None)


def fill(root: Path) -> Course:
    """Make the class on disk."""
    draw = random.Random(3)
    names = sorted(path.name for path in (ROOT / "source").iterdir())
    titles = {
        name: tomllib.loads((ROOT / "tests/hidden" / name / "assignment.toml").read_text())["title"] for name in names
    }
    course = classroom.make_course(root, titles)
    people = {}
    for number in range(40):
        first, last = FIRST.split()[number % 20], LAST.split()[(number * 3 + number // 20) % 10]
        people[f"{first.lower()}{number // 20 or ''}"] = (last, first)
    people["maximiliane.wolkenstein-trostburg@uni.example"] = ("von Wolkenstein-Trostburg", "Maximiliane")
    classroom.enroll(course, people)
    now = datetime.now(UTC).replace(microsecond=0)
    dues = {name: now + timedelta(days=7 * number - 25, hours=3) for number, name in enumerate(ORDER)}
    text = '[default]\nlate = "penalty"\ncounts = "best"\nattempts = 5\nwait_minutes = 10\n'
    for name, due in dues.items():
        text += f"[{name}]\ndue = {due.isoformat()}\n"
    text += f"[optimizers.extensions]\nada = {(dues['optimizers'] + timedelta(days=3)).isoformat()}\n"
    text = text.replace("[optimizers]\n", '[optimizers]\nbefore_due = "scores"\n').replace(
        "[dropout]\n", '[dropout]\nbefore_due = "visible"\n'
    )
    (root / "policies.toml").write_text(text)
    waiting: list[Attempt] = []
    for number, name in enumerate(ORDER[:6]):
        made = shapes(name)
        for who in people:
            skill = draw.random()
            if who != "ada" and draw.random() < 0.08 + 0.12 * number:
                continue
            for attempt_number in range(1 + (draw.random() < 0.4) + (draw.random() < 0.2) + 2 * (who == "ada")):
                arrived = dues[name] - timedelta(hours=draw.randrange(2, 90) - 30 * attempt_number)
                arrived = min(arrived, now - timedelta(seconds=draw.randrange(5, 300)))
                late = arrived > dues[name]
                notes = (
                    ["the time that the submission claims is 3 hours before its arrival"]
                    if draw.random() < 0.05
                    else []
                )
                attempt = classroom.submit(course, name, who, arrived, late=late, notes=notes)
                flags = (
                    ["test_ridge_fit: code that no exercise has a use for: reads sys.modules"]
                    if draw.random() < 0.05
                    else []
                )
                if name == ORDER[4] and draw.random() < 0.3 and who != "ada":
                    waiting.append(attempt)
                    break
                better = min(1.0, skill + 0.25 * attempt_number)
                altered = (
                    ["the locked cell test_kernels was changed; it is the release's again"]
                    if draw.random() < 0.1
                    else []
                )
                results = [answer(draw, shape, better) for shape in made]
                classroom.judge(course, attempt, results, flags=flags, alterations=altered)
    latest = classroom.submit(course, ORDER[0], "ada", now - timedelta(seconds=20), late=True)
    refused = classroom.submit(course, "dropout", "ben", now, refused="all 5 attempts are used up")
    assert refused.refused
    waiting.insert(3, latest)
    running, queued = waiting[:2], waiting[2:]
    classroom.engine(
        course,
        running=tuple(Running(one.assignment, one.student, one.number, now) for one in running),
        queue=tuple(
            Queued(
                one.assignment, one.student, one.number, one.arrived, now + timedelta(minutes=8) if place > 2 else None
            )
            for place, one in enumerate(queued)
        ),
        faults=(Fault("the suite cannot be loaded: SyntaxError in test_sgd.py, line 12", now, "gaussian_process"),),
        refused=(Refused("mallory+ridge+2026-11-20 10:00:00 UTC+x", "its files belong to ben, not to mallory", now),),
    )
    first = orders.create(root, ORDER[0], None, "ira")
    changes = tuple(
        orders.Difference(who, 9.5, after, (orders.Change("ridge_fit", 3.0, 3.0 + after - 9.5),))
        for who, after in (("ben", 11.0), ("chiara", 8.25), ("maximiliane.wolkenstein-trostburg@uni.example", 9.75))
    )
    orders.write(root, replace(first, state="proposed", differences=changes, unchanged=31))
    orders.create(root, ORDER[1], ("ada",), "ira")
    return course


ORDER = [
    "ridge",
    "backprop",
    "optimizers",
    "dropout",
    "normalization",
    "gaussian_process",
    "bayesian_optimization",
    "house_prices",
]


class Login(RequestHandler):
    """Chooses who every visitor is."""

    def get(self, name: str) -> None:
        """Choose."""
        self.settings["login_as"] = name
        self.redirect("/services/autograder/")


class Authorize(RequestHandler):
    """The hub's consent, always given."""

    def get(self) -> None:
        """Send back with a code."""
        code = {"code": f"code-of-{self.settings['login_as']}", "state": self.get_query_argument("state")}
        self.redirect("/services/autograder/oauth_callback?" + urlencode(code))


async def serve(port: int, root: Path) -> None:
    """Serve until the process is ended."""
    import jupyterhub._data

    images = Path(jupyterhub._data.DATA_FILES_PATH) / "static" / "images"
    course = fill(root)
    people = {path.name for path in (root / "attempts").glob("*/*")}
    settings = Settings(
        course=course,
        prefix="/services/autograder/",
        hub_prefix="/hub/",
        api_url=f"http://127.0.0.1:{port}/hub/api",
        api_token=SERVICE_TOKEN,
        client_id="service-autograder",
        access_scopes=frozenset({"access:services!service=autograder"}),
        formgrader="/services/ridge-to-bayes/formgrader",
    )
    app = application(services(settings))
    app.settings |= {
        "users": {"ira": instructor("ira"), "new": student("new")} | {name: student(name) for name in people},
        "asked": [],
        "login_as": "ada",
    }
    app.add_handlers(
        ".*",
        [
            ("/hub/api/user", Who),
            ("/hub/api/oauth2/token", Token),
            ("/hub/api/oauth2/authorize", Authorize),
            ("/login/(.*)", Login),
            ("/hub/(logo)", Logo, {"path": str(images)}),
        ],
    )
    HTTPServer(app).listen(port, "127.0.0.1")
    print(f"http://127.0.0.1:{port}/login/ira and /login/ada; the course is in {root}", flush=True)
    await asyncio.Event().wait()


class Logo(StaticFileHandler):
    """The hub's mark."""

    def parse_url_path(self, url_path: str) -> str:
        """The one file."""
        return "jupyterhub-80.png"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8765)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(serve(arguments.port, Path(directory)))
