"""JupyterLab, the hub's login and nbgrader's pages, as a person uses them in a browser."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Locator, Page, expect

PATIENCE = 120_000.0  # milliseconds: a server, a kernel and torch start within it on a busy machine


def log_in(context: BrowserContext, url: str, name: str, password: str) -> Page:
    """A page of this user's, logged in."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{url}/hub/login")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda where: "/hub/login" not in where)
    return page


class Lab:
    """A user's JupyterLab."""

    def __init__(self, page: Page, url: str, name: str) -> None:
        self.page = page
        self._home = f"{url}/user/{name}/lab"

    def open(self, path: str = "") -> None:
        """Open JupyterLab, or one file in it; the hub starts the user's server if need be."""
        self.page.goto(f"{self._home}/tree/{path}" if path else self._home)
        self.page.wait_for_url(re.compile(r"/user/\w+/lab"), timeout=PATIENCE)
        expect(self.page.locator("#jp-MainLogo")).to_be_visible(timeout=PATIENCE)

    def assignment_list(self) -> Locator:
        """nbgrader's Assignment List, opened from the menu."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
        self.page.locator(".lm-Menu-itemLabel", has_text="Assignment List").click()
        shown = self.page.locator("#main").get_by_text("Released assignments", exact=True)
        expect(shown).to_be_visible(timeout=PATIENCE)
        return self.page.locator("#main")

    def cell(self, index: int) -> Locator:
        """A cell of the notebook that is open, scrolled into view: JupyterLab draws only what can be seen."""
        cell = self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')
        panel = self.page.locator(".jp-Notebook .jp-WindowedPanel-outer")
        expect(panel).to_be_visible(timeout=PATIENCE)
        panel.hover()
        for step in (-100_000, *[300] * 200):
            if step > 0 and cell.count() and cell.is_visible():
                break
            self.page.mouse.wheel(0, step)
            self.page.wait_for_timeout(50)
        cell.scroll_into_view_if_needed()
        return cell

    def write(self, index: int, source: str) -> None:
        """Replace a cell's source."""
        editor = self.cell(index).locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(source)

    def open_notebook(self, path: str) -> None:
        """Open a notebook, and wait for its kernel."""
        self.open(path)
        expect(self.page.locator("#jp-bottom-panel")).to_contain_text("| Idle", timeout=PATIENCE)

    def show(self, title: str) -> None:
        """Go back to what is open in another tab of JupyterLab."""
        self.page.locator(".lm-DockPanel .lm-TabBar-tab", has_text=title).click()

    def run(self, index: int) -> Locator:
        """Run a cell and wait until it has ended; its outputs."""
        cell = self.cell(index)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=PATIENCE)
        return cell.locator(".jp-OutputArea")

    def save(self) -> None:
        """Save the notebook."""
        self.page.keyboard.press("Control+S")
        expect(self.page.locator(".lm-TabBar-tab.jp-mod-current.jp-mod-dirty")).to_have_count(0, timeout=PATIENCE)
        self.page.wait_for_timeout(500)
