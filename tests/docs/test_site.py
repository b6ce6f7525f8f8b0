"""The built site: nothing from elsewhere, no broken link; in a browser, the explorer by keyboard.

Skipped without Selenium, Chromium and a built site (`make docs` itself checks loads and links). The
accessibility tests also need the script of axe-core, whose path is given as
``AXE=node_modules/axe-core/axe.min.js``.
"""

import os
import shutil
from pathlib import Path

import check_site
import pytest

SITE = Path(__file__).resolve().parents[2] / "build/docs/html"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
AXE = os.environ.get("AXE")
webdriver = pytest.importorskip("selenium.webdriver")
if not (CHROMIUM and shutil.which("chromedriver") and SITE.exists()):
    pytest.skip("needs a browser, its driver and the built site", allow_module_level=True)
pytestmark = pytest.mark.filterwarnings("ignore")

PAGES = {
    "start": "index.html",
    "getting started": "getting_started.html",
    "explorer": "explorer.html",
    "chapter": "explain/one_number.html",
    "gallery": "gallery/index.html",
    "plot": "gallery/2_arithmetic/plot_1_relations.html",
    "layer": "reference/lucid.nn.Conv2d.html",
    "function": "reference/lucid.nn.functional.conv1d.html",
    "module": "reference/module-lucid.nn.html",
    "example": "examples/lucid_nn/ex_lucid_nn_Conv2d.html",
    "status": "status.html",
    "source": "_modules/lucid/nn/conv.html",
    "Tensor": "reference/lucid.Tensor-class.html",
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless browser."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for each in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-quic",
        "no-first-run",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "window-size=1400,1000",
        f"user-data-dir={tmp_path_factory.mktemp('profile')}",
    ):
        options.add_argument(f"--{each}")
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


def visit(browser, page, **media):
    features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.get("about:blank")
    browser.get(f"{SITE.as_uri()}/{page}")


def press(browser, *keys):
    webdriver.ActionChains(browser).send_keys(*keys).perform()


def read(browser, part):
    return browser.find_element("css selector", f".lucid-explorer{part}").text


def focus(browser, label):
    """Move on with Tab until the control of this label has the focus."""
    for _ in range(80):
        press(browser, webdriver.Keys.TAB)
        name = browser.execute_script(
            "const e = document.activeElement; return e.labels && e.labels[0] ? "
            "e.labels[0].textContent : e.textContent;"
        )
        if name and name.startswith(label):
            return
    raise AssertionError(f"Tab does not lead to {label!r}")


def test_the_site_loads_nothing_from_elsewhere():
    assert check_site.external_loads(SITE) == []


def test_the_site_has_no_broken_links():
    assert check_site.broken_links(SITE) == []


def test_the_explorer_is_used_by_keyboard(browser):
    visit(browser, "explorer.html")
    assert "⌊(7 + 2·1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 4" in read(browser, "-formula")
    focus(browser, "input size")
    press(browser, webdriver.Keys.ARROW_RIGHT, webdriver.Keys.ARROW_RIGHT)
    assert read(browser, "-formula").endswith("= 5")
    focus(browser, "kernel_size")
    press(browser, webdriver.Keys.ARROW_RIGHT)
    assert read(browser, "-code") == "nn.Conv1d(1, 1, kernel_size=4, stride=2, padding=1)"
    focus(browser, "output position")
    press(browser, webdriver.Keys.ARROW_RIGHT)
    assert read(browser, "-words") == "y[1] = x[1]·w[0] + x[2]·w[1] + x[3]·w[2] + x[4]·w[3]"
    assert "n=9" in browser.current_url and "k=4" in browser.current_url


def test_the_address_keeps_a_case(browser):
    visit(
        browser, "explorer.html#explorer?kind=transposed&axes=2&n=4&k=3&s=2&p=1&d=1&op=1&mode=zeros"
    )
    assert read(browser, "-code") == (
        "nn.ConvTranspose2d(1, 1, kernel_size=3, stride=2, padding=1, output_padding=1)"
    )
    assert read(browser, "-formula").endswith("= 8")
    assert len(browser.find_elements("css selector", ".lucid-grid .lucid-cell-out")) == 64


def test_rows_may_differ_from_columns(browser):
    visit(browser, "explorer.html#explorer?kind=conv&axes=2&n=5,7&k=3&s=1,2&p=same,0&mode=zeros")
    assert read(browser, "-code") == "nn.Conv2d(1, 1, kernel_size=3, stride=(1, 2), padding=1)"
    visit(browser, "explorer.html#explorer?kind=conv&axes=2&n=5,7&k=3&s=1,2&p=0&mode=zeros")
    assert read(browser, "-formula").splitlines() == [
        "rows: ⌊(5 + 2·0 − 1·(3 − 1) − 1) / 1⌋ + 1 = 3",
        "columns: ⌊(7 + 2·0 − 1·(3 − 1) − 1) / 2⌋ + 1 = 3",
    ]
    assert len(browser.find_elements("css selector", ".lucid-grid .lucid-cell-in")) == 35
    focus(browser, "kernel_size, rows")
    press(browser, webdriver.Keys.ARROW_RIGHT)
    assert read(browser, "-code") == "nn.Conv2d(1, 1, kernel_size=(4, 3), stride=(1, 2))"
    assert "k=4,3" in browser.current_url
    focus(browser, "rows of their own")
    press(browser, webdriver.Keys.SPACE)
    assert read(browser, "-code") == "nn.Conv2d(1, 1, kernel_size=3, stride=2)"


def test_refused_settings_are_explained(browser):
    visit(browser, "explorer.html#explorer?kind=conv&n=5&k=3&s=2&p=same")
    assert read(browser, "-formula") == "padding='same' needs stride 1, not 2."


def test_a_layer_page_begins_with_its_own_example(browser):
    visit(browser, "reference/lucid.nn.LazyConvTranspose3d.html")
    assert read(browser, "-code") == "nn.ConvTranspose2d(1, 1, kernel_size=4, stride=2, padding=1)"


def test_someone_who_asks_for_less_motion_gets_none(browser):
    script = "return getComputedStyle(document.querySelector('.lucid-frame')).animationName"
    visit(browser, "index.html", prefers_reduced_motion="reduce")
    assert browser.execute_script(script) == "none"
    visit(browser, "index.html")
    assert browser.execute_script(script).startswith("lucid-show")


def test_a_phone_needs_no_scrolling_sideways(browser):
    size = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    for page in PAGES.values():
        visit(browser, page)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, page
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.skipif(not AXE, reason="needs AXE, the path of axe.min.js")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing(browser, page, scheme):
    visit(browser, page, prefers_color_scheme=scheme, prefers_reduced_motion="reduce")
    assert browser.execute_script("return document.documentElement.dataset.theme") == scheme
    browser.execute_script(Path(AXE).read_text("utf-8"))
    found = browser.execute_async_script("axe.run().then(arguments[0])")["violations"]
    assert not found, "\n".join(
        f"{each['id']}: {each['help']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for each in found
        for node in each["nodes"][:3]
    )
