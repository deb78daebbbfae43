"""From releasing to the regrade, in a browser: what an instructor and two students do on the hub of ``make hub``."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e import solutions
from tests.e2e.lab import PATIENCE, Lab, log_in
from tests.hub.hubs import Hub, left_behind

PASSWORD = "ridge-to-bayes"
ASSIGNMENT = "normalization"
SETUP, LAYERNORM, CHECK_LAYERNORM, GROUPNORM, CHECK_GROUPNORM = 2, 18, 19, 22, 23  # cells of the notebook
MISTAKE = "Your groups take every num_groups-th channel."
HEADLESS = ["--no-sandbox"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub of ``make hub``, with the real grading service."""
    state = tmp_path_factory.mktemp("e2e") / "state"
    started = Hub(state, ["--assignments", ASSIGNMENT])
    try:
        yield started.ready()
    finally:
        if started.process.poll() is None:
            started.stop()
    assert left_behind(state) == []


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("a browser is needed: apt-get install chromium")
    with sync_playwright() as started:
        running = started.chromium.launch(executable_path=chromium, args=HEADLESS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def page_of(hub: Hub, browser: Browser) -> Iterator[Callable[[str], Page]]:
    """A page of each user, logged in once."""
    contexts: dict[str, tuple[BrowserContext, Page]] = {}

    def page(name: str) -> Page:
        if name not in contexts:
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            contexts[name] = (context, log_in(context, hub.url, name, PASSWORD))
        return contexts[name][1]

    yield page
    for context, _ in contexts.values():
        context.close()


def submit(page: Page) -> None:
    """Submit in the Assignment List, and see that it is listed."""
    row = page.locator("#main .list_item", has=page.get_by_role("button", name="Submit"))
    row.get_by_role("button", name="Submit").click()
    page.wait_for_timeout(300)


def own_results(hub: Hub, page: Page) -> Page:
    """A second tab with the student's own results."""
    results = page.context.new_page()
    results.set_default_timeout(PATIENCE)
    results.goto(f"{hub.url}/services/autograder/")
    return results


def test_from_the_release_to_the_regrade(hub: Hub, page_of: Callable[[str], Page], tmp_path: Path) -> None:
    ada = page_of("ada")
    lab = Lab(ada, hub.url, "ada")
    lab.open()
    released = lab.assignment_list().locator(".list_item", has_text=ASSIGNMENT)
    released.get_by_role("button", name="Fetch").click()
    expect(ada.get_by_role("button", name="Submit")).to_be_visible(timeout=PATIENCE)

    # One exercise right, one with a mistake; the visible checks say so.
    lab.open_notebook(f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb")
    lab.run(SETUP)
    lab.write(LAYERNORM, solutions.LAYERNORM)
    lab.run(LAYERNORM)
    expect(lab.run(CHECK_LAYERNORM)).not_to_contain_text("NOT OK")
    lab.write(GROUPNORM, solutions.GROUPS_INTERLEAVED)
    lab.run(GROUPNORM)
    expect(lab.run(CHECK_GROUPNORM)).to_contain_text("NOT OK")
    lab.save()

    results = own_results(hub, ada)
    expect(results.get_by_text("Nothing submitted")).to_be_visible()
    lab.assignment_list()
    began = time.monotonic()
    submit(ada)
    # Nobody reloads the page.
    exercise = results.locator("main")
    expect(exercise.get_by_text(MISTAKE)).to_be_attached(timeout=PATIENCE)
    seconds = time.monotonic() - began
    expect(exercise).to_contain_text("Attempt 1")
    print(f"from the click on submit to the score on the page: {seconds:.1f} s")
    first = shown_score(results)

    # Corrected, submitted again: full points for both, and the mistake is gone.
    lab.show(f"{ASSIGNMENT}.ipynb")
    lab.write(GROUPNORM, solutions.GROUPNORM)
    lab.run(GROUPNORM)
    expect(lab.run(CHECK_GROUPNORM)).not_to_contain_text("NOT OK")
    lab.save()
    lab.assignment_list()
    submit(ada)
    expect(exercise).to_contain_text("Attempt 2", timeout=PATIENCE)
    expect(exercise.get_by_text(MISTAKE)).to_have_count(0, timeout=PATIENCE)
    second = shown_score(results)
    assert second > first > 0

    # The instructor sees both attempts, has them graded again, and gets a table.
    instructor = page_of("instructor")
    instructor.goto(f"{hub.url}/services/autograder/class?assignment={ASSIGNMENT}")
    expect(instructor.locator("main")).to_contain_text("ada")
    instructor.goto(f"{hub.url}/services/autograder/students/ada")
    expect(instructor.locator("main")).to_contain_text("Attempt 2")
    expect(instructor.locator("main")).to_contain_text("All 2 attempts")
    instructor.goto(f"{hub.url}/services/autograder/class?assignment={ASSIGNMENT}")
    instructor.get_by_role("button", name="Regrade the class").click()
    expect(instructor.get_by_text("to be decided")).to_be_visible(timeout=PATIENCE)
    expect(instructor.locator("main")).to_contain_text(
        re.compile(r"no score changes|0 scores change|nothing changes", re.I)
    )
    with instructor.expect_download() as download:
        instructor.get_by_role("link", name="Export as CSV").click()
    table = list(csv.reader(io.StringIO(Path(download.value.path()).read_text())))
    assert any("ada" in row for row in table)

    # Nobody else gets to see any of it.
    bruno = page_of("bruno")
    for path in ("class", "students/ada", "api/students/ada", "api/class", "api/queue", "export.csv"):
        answer = bruno.goto(f"{hub.url}/services/autograder/{path}")
        assert answer is not None
        assert answer.status == 403, path
        assert MISTAKE not in bruno.content()
    bruno.goto(f"{hub.url}/services/autograder/")
    expect(bruno.locator("main")).to_contain_text("Nothing submitted")
    assert "Attempt 1" not in bruno.locator("main").inner_text()


def shown_score(results: Page) -> float:
    """The points that the page shows for the assignment."""
    found = re.search(r"([\d.]+) of 20", results.locator("main").inner_text())
    assert found, results.locator("main").inner_text()
    return float(found[1])


def test_what_is_killed_goes_on(hub: Hub) -> None:
    """The engine is killed; the pages start another, which answers for what lies there."""
    engines = [pid for pid in left_behind(hub.state) if "--engine-only" in pid]
    assert len(engines) == 1
    os.kill(int(engines[0].partition(":")[0]), signal.SIGKILL)
    deadline = time.monotonic() + 60
    while True:
        now = [pid for pid in left_behind(hub.state) if "--engine-only" in pid]
        if now and now != engines:
            break
        assert time.monotonic() < deadline
        time.sleep(0.2)
