"""The report in a real browser, from disk: nothing is blocked, nothing is fetched, nothing runs.

Needs Chromium (Debian: `apt-get install chromium`); where GENAIOPS_BROWSER_TESTS=1 its absence is a failure.
"""

import os
import re
import shutil
import subprocess

import pytest
from tests.unit.arena.arena_sample import judged, sample_run, sample_verdict

from genaiops.arena.report import render_html

pytestmark = pytest.mark.system

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
]


@pytest.fixture(scope="module")
def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None and os.environ.get("GENAIOPS_BROWSER_TESTS") == "1":
        pytest.fail("GENAIOPS_BROWSER_TESTS=1, and there is no Chromium")
    if found is None:
        pytest.skip("no Chromium on this machine; set GENAIOPS_BROWSER_TESTS=1 where one must be there")
    return found


def opened(chromium, page, folder) -> tuple[str, list[str]]:
    """Open a page from disk; return the DOM that came of it and what the console said."""
    path = folder / "report.html"
    path.write_text(page, "utf-8", errors="replace")
    command = [chromium, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout, re.findall(r"CONSOLE[^\n]*", done.stderr)


@pytest.mark.proves("A-PAGE")
def test_a_report_opens_from_disk_with_a_silent_console(chromium, tmp_path):
    run = sample_run()
    dom, said = opened(chromium, render_html(run, judged(run)[0]), tmp_path)
    assert said == []
    assert "<svg" in dom
    assert "&lt;script&gt;alert(1)" in dom


def test_the_browser_refuses_what_somebody_adds_to_a_report(chromium, tmp_path):
    page = render_html(sample_run(), sample_verdict())
    spoiled = page.replace(
        "</main>", '<script>document.title = "owned"</script><p style="color:red">x</p></main>'
    )
    dom, said = opened(chromium, spoiled, tmp_path)
    assert "<title>owned" not in dom
    assert len(said) >= 2
    assert all("Content Security Policy" in line for line in said)
