"""Opens a published report.html in headless Chromium and does with it what a reader does.

    python3 tests/browser.py out/worked-example/latest/report.html [--shots target/shots]

Chromium is the system's (apt-get install chromium); playwright goes to a virtual environment under
target/browser.

At 1280 and 390 pixels, light and dark: no message on the console, nothing asked of the network,
nothing wider than the window, every cell of a table within it at 390, text against its ground at AA
contrast. Then the language switch,
sorting, searching, the page without its script, and the page on paper. `--shots` keeps pictures
and the PDF to be looked at. Exits with 1 at the first thing that is wrong, and with 75 and a word
why where there is no Chromium or playwright cannot be installed.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 75
HOME = pathlib.Path(__file__).resolve().parent.parent / "target" / "browser"
PACKAGE = "playwright==1.65.2"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const lum = ([r, g, b]) => {
    const part = (v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
    return .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest("svg, script, .unseen, .skip") || !element.offsetParent) continue;
    const style = getComputedStyle(element);
    const [one, other] = [lum(parse(style.color)), lum(ground(element))].sort((a, b) => b - a);
    const ratio = (one + .05) / (other + .05);
    if (ratio < 4.5) poor.push(`${element.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""

# Cells that do not end within the window.
NARROW = """() => [...document.querySelectorAll("main td, main tbody th")].filter((cell) =>
  cell.offsetParent && !cell.closest("details") &&
  cell.getBoundingClientRect().right > innerWidth).map((cell) => cell.textContent.trim())"""

UNNAMED = """() => [
  ...[...document.querySelectorAll("svg")].filter((one) => !one.querySelector("title")),
  ...[...document.querySelectorAll("table")].filter((one) => !one.caption),
  ...[...document.querySelectorAll("th")].filter((one) => !one.scope),
  ...[...document.querySelectorAll("button, input")].filter((one) => !(
    one.textContent.trim() || one.labels?.length || one.ariaLabel)),
  ...document.querySelectorAll("[style], [onclick], img, iframe, link"),
].map((one) => one.outerHTML.slice(0, 80))"""

# Labels that the style sheet writes before cells, in another language than the page shows.
LABELS = """(show) => [...new Set([...document.querySelectorAll("td")].filter((cell) => {
  const label = getComputedStyle(cell, "::before").content;
  return label !== "none" && label !== JSON.stringify(cell.dataset[show] + " ");
}).map((cell) => getComputedStyle(cell, "::before").content))]"""

# Short words in cells that stand on more than one line: one Chinese character below another.
BROKEN = """() => [...document.querySelectorAll("th span[lang], .word span[lang]")].filter((one) =>
  one.offsetParent && !/\\s/.test(one.textContent.trim()) && one.textContent.trim().length <= 4 &&
  one.getClientRects().length > 1).map((one) => one.textContent)"""


def check(holds, what):
    if not holds:
        sys.exit(f"wrong: {what}")
    print(f"ok: {what}")


def visible(page, text):
    return page.get_by_text(text, exact=True).first.is_visible()


def opened(browser, url, **context):
    """A page with everything that it said or asked for."""
    said = []
    page = browser.new_context(**context).new_page()
    page.on("console", lambda message: said.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("request", lambda request: request.url == url or said.append(f"asked: {request.url}"))
    page.goto(url)
    return page, said


def looks(browser, url, shots):
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            page, said = opened(
                browser, url, viewport={"width": width, "height": 900}, color_scheme=scheme
            )
            name = f"{width}-{scheme}"
            if shots:
                page.screenshot(path=shots / f"{name}.png", full_page=True)
            check(not said, f"{name}: nothing on the console, nothing asked for {said}")
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            check(wide <= 0, f"{name}: nothing is wider than the window ({wide} px)")
            if width == 390:
                amiss = page.evaluate(NARROW)
                check(not amiss, f"{name}: every cell is seen whole {amiss[:3]}")
            page.click("button[data-show=both]")
            page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            check(wide <= 0, f"{name}: nor in both languages, with all opened ({wide} px)")
            poor = page.evaluate(CONTRAST)
            check(not poor, f"{name}: text has a contrast of 4.5 {poor[:5]}")
            if shots:
                page.screenshot(path=shots / f"{name}-both.png", full_page=True)
            for show in ("en", "zh"):
                page.click(f"button[data-show={show}]")
                mixed = page.evaluate(LABELS, show)
                check(not mixed, f"{name}: labels are of one language in {show} {mixed[:5]}")
                broken = page.evaluate(BROKEN)
                check(not broken, f"{name}: no word is broken in {show} {broken[:5]}")
            page.context.close()


def works(browser, url, shots):
    page, said = opened(browser, url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    unnamed = page.evaluate(UNNAMED)
    check(not unnamed, f"charts, tables, headings and controls are named {unnamed[:3]}")
    english, chinese = "From gross to net", "从总额到净额"
    check(visible(page, english) and not visible(page, chinese), "English opens in English")
    page.click("button[data-show=zh]")
    check(visible(page, chinese) and not visible(page, english), "中文 shows Chinese alone")
    check(page.get_attribute("html", "lang") == "zh-Hans", "the page's language follows")
    if shots:
        page.screenshot(path=shots / "1280-zh.png", full_page=True)
    page.focus("button[data-show=en]")
    page.keyboard.press("Enter")
    check(visible(page, english), "the switch works from the keyboard")

    rows = page.locator("#found tbody tr")
    if rows.count() > 1:
        codes = lambda: page.locator("#found tbody tr th").all_inner_texts()
        page.click("#found thead th:first-child button")
        check(codes() == sorted(codes()), "a click on a heading sorts by it")
        check(page.get_attribute("#found thead th", "aria-sort") == "ascending", "and says so")
        page.click("#found thead th:first-child button")
        check(codes() == sorted(codes(), reverse=True), "a second one turns it round")
        page.click("#found thead th:nth-child(3) button")
        keys = [
            float(key or "-inf")
            for key in page.locator("#found tbody td[data-key]:nth-child(3)").evaluate_all(
                "cells => cells.map((cell) => cell.dataset.key)"
            )
        ]
        check(keys == sorted(keys, reverse=True), "money sorts as money")
        wanted = codes()[-1]
        page.fill("input[data-for=found]", wanted.lower())
        found = rows.locator("visible=true").all_inner_texts()
        check(found and all(wanted in row for row in found), "a search leaves what has its words")
        count = page.inner_text("[data-count=found]")
        check(count == f"{len(found)} / {rows.count()}", f"and tells how many: {count}")
        page.fill("input[data-for=found]", "")
    check(not said, f"nothing was said meanwhile {said}")
    if shots:
        page.pdf(path=shots / "report.pdf", format="A4", prefer_css_page_size=True)
    if rows.count() > 1:
        page.set_viewport_size({"width": 390, "height": 900})
        page.fill("input[data-for=found]", wanted.lower())
        left = rows.locator("visible=true").count()
        check(left == len(found), f"a search leaves the same rows on a telephone: {left}")
        page.fill("input[data-for=found]", "")
        page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(media="print")
    hidden = not page.locator(".top").is_visible()
    check(hidden, "paper has no menu")
    boxes = page.evaluate("""() => [...document.querySelectorAll("thead button")].filter((one) =>
      getComputedStyle(one).display !== "contents").length""")
    check(not boxes, "and no button that would keep a head from being repeated")
    page.context.close()

    page, _ = opened(browser, url, java_script_enabled=False, viewport={"width": 1280, "height": 900})
    check(visible(page, english) and visible(page, chinese), "without script both languages stand")
    check(not page.locator(".switch").is_visible(), "and no control that would do nothing")
    page.context.close()

    page, _ = opened(browser, url, locale="zh-CN")
    check(visible(page, chinese) and not visible(page, english), "a Chinese reader reads Chinese")
    page.context.close()


def within(python):
    """Goes on in a virtual environment that has playwright."""
    stamp = HOME / "package.txt"
    if not stamp.exists() or stamp.read_text() != PACKAGE:
        for step in ([sys.executable, "-m", "venv", "--clear", str(HOME)],
                     [python, "-m", "pip", "install", "--quiet", "--only-binary", ":all:",
                      "--disable-pip-version-check", PACKAGE]):
            done = subprocess.run(step, capture_output=True, text=True)
            if done.returncode:
                why = (done.stderr or done.stdout).strip()[-600:]
                print("browser.py: SKIPPED: %s cannot be installed\n%s" % (PACKAGE, why))
                sys.exit(SKIPPED)
        stamp.write_text(PACKAGE)
    os.execv(python, [python, __file__, *sys.argv[1:]])


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("report", type=pathlib.Path)
    arguments.add_argument("--shots", type=pathlib.Path)
    asked = arguments.parse_args()
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not chromium:
        print("browser.py: SKIPPED: there is no Chromium")
        sys.exit(SKIPPED)
    python = str(HOME / "bin" / "python")
    if sys.prefix != str(HOME):
        within(python)
    from playwright.sync_api import sync_playwright

    if asked.shots:
        asked.shots.mkdir(parents=True, exist_ok=True)
    url = asked.report.resolve().as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        looks(browser, url, asked.shots)
        works(browser, url, asked.shots)
        browser.close()


if __name__ == "__main__":
    main()
