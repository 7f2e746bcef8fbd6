"""Uses the service's page in a headless Chromium as people do, and looks for what would keep some from it.

Usage: check_page.py PROGRAM FOLDER. FOLDER takes the screenshots. Run by Scripts/test-page.
"""

import glob
import importlib.util
import io
import json
import os
import sys
import time
import urllib.request

import numpy
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from running_service import ROOT, running_service

EXAMPLE = os.path.join(ROOT, "Models", "glass-demo", "example.png")
TOKEN = "0123456789abcdef0123"


def check(condition, what):
    if not condition:
        raise SystemExit(f"check_page: {what}")


def chromium(folder, width=1280, height=1000, dark=False):
    options = webdriver.ChromeOptions()
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", f"--window-size={width},{height}"]:
        options.add_argument(argument)
    options.add_experimental_option("prefs", {"download.default_directory": folder})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    if width < 500:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    return driver


def until(driver, what, condition, seconds=60):
    WebDriverWait(driver, seconds, 0.05).until(lambda _: condition(), f"check_page: {what}")


def text(driver, name):
    return driver.find_element(By.ID, name).text


def give(driver, *paths):
    driver.find_element(By.ID, "files").send_keys("\n".join(paths))


def finished(driver, count):
    entries = driver.find_elements(By.CSS_SELECTOR, "#list button")
    return len(entries) == count and not any("ing)" in entry.text for entry in entries)


def set_slider(driver, name, value):
    driver.execute_script(
        "const s = document.getElementById(arguments[0]); s.value = arguments[1]; s.dispatchEvent(new Event('input'));",
        name, value)
    driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def layer(driver):
    """The layer's pixels, [height, width, 4]."""
    size, data = driver.execute_script(
        "const c = document.getElementById('layer');"
        "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        "return [[c.height, c.width], Array.from(d)];")
    return numpy.array(data, numpy.uint8).reshape(*size, 4)


def ask(service, output, threshold, path=EXAMPLE):
    with open(path, "rb") as picture:
        request = urllib.request.Request(
            f"{service.url}/v1/segment?output={output}&threshold={threshold}", picture.read())
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def axe_core():
    """axe-core as a package for another driver carries it."""
    package = importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]
    with open(os.path.join(package, "axe.min.js"), encoding="utf-8") as file:
        return file.read()


def check_accessible(driver, what):
    driver.execute_script(axe_core())
    found = driver.execute_async_script("axe.run().then(arguments[0])")["violations"]
    lines = [f"{each['id']}: {each['help']} ({each['nodes'][0]['html'][:120]})" for each in found]
    check(not found, f"axe finds in {what}: " + "; ".join(lines))


def check_quiet(driver, what):
    """No message of the browser, and nothing asked of another origin."""
    messages = [each["message"] for each in driver.get_log("browser") if "503" not in each["message"]]
    check(not messages, f"the browser says in {what}: {messages}")
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = message["params"]["request"]["url"]
            check(url.startswith(("http://127.0.0.1:", "blob:", "data:")) or url == "about:blank", f"{what} asked for {url}")


def check_use(service, folder):
    """Several pictures, the sliders, the views and the downloads, against what the service answers."""
    large = os.path.join(folder, "large.jpg")
    Image.open(EXAMPLE).convert("RGB").resize((900, 600)).save(large)
    broken = os.path.join(folder, "broken.png")
    with open(broken, "wb") as file:
        file.write(open(EXAMPLE, "rb").read()[:900])
    tiff = os.path.join(folder, "unknown-to-browsers.tif")
    Image.open(EXAMPLE).convert("RGB").save(tiff)
    driver = chromium(folder)
    driver.get(service.url)
    until(driver, "the model is not named", lambda: text(driver, "model") == "glass-demo")
    check_accessible(driver, "the empty page")
    give(driver, EXAMPLE, large, broken, tiff)
    until(driver, "the pictures are not segmented", lambda: finished(driver, 4))
    check("failed" in driver.find_elements(By.CSS_SELECTOR, "#list button")[2].text, "the broken picture does not fail")
    check(driver.execute_script("return document.querySelectorAll('#list button')[0].getAttribute('aria-current')") == "true",
          "the first picture is not shown")
    check_accessible(driver, "a result")
    for threshold in [0.5, 0.2, 0.8, 0, 1]:
        set_slider(driver, "threshold", threshold)
        # Of eight bits in the browser, of the model's floats in the service: a pixel may lie between.
        mask = numpy.asarray(Image.open(io.BytesIO(ask(service, "mask", threshold)))) > 0
        soft = numpy.asarray(Image.open(io.BytesIO(ask(service, "soft", threshold)))).astype(int)
        differing = (layer(driver)[..., 3] > 0) != mask
        check(numpy.all(abs(soft[differing] - threshold * 255) <= 1), f"the tint at {threshold} is not the mask")
        share = json.loads(ask(service, "json", threshold))["statistics"]["transparent_share"] * 100
        shown = float(text(driver, "share").split(" ")[0])
        check(abs(shown - share) <= 0.05 + 100 * differing.sum() / mask.size, f"the page shows {shown} %, the service says {share}")
    set_slider(driver, "threshold", 0.5)
    views = {"mask": lambda pixels: numpy.isin(pixels[..., 0], [0, 255]).all(),
             "soft": lambda pixels: len(numpy.unique(pixels[..., 0])) > 20,
             "cutout": lambda pixels: len(numpy.unique(pixels[..., 3])) > 20,
             "tint": lambda pixels: (pixels[pixels[..., 3] > 0][:, :3] == [255, 0, 80]).all()}
    for view, holds in views.items():
        driver.find_element(By.CSS_SELECTOR, f"[value={view}]").click()
        driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")
        check(holds(layer(driver)), f"the view {view} is not what it says")
    set_slider(driver, "wipe", 40)
    check("60%" in driver.find_element(By.ID, "layer").value_of_css_property("clip-path"), "the wipe does not cut the layer")
    set_slider(driver, "opacity", 25)
    check(driver.find_element(By.ID, "layer").value_of_css_property("opacity") == "0.25", "the opacity is not the slider's")
    for output, ending in [("mask", "png"), ("soft", "png"), ("overlay", "png"), ("cutout", "png"), ("json", "json")]:
        driver.find_element(By.CSS_SELECTOR, f"[data-output={output}]").click()
        file = os.path.join(folder, f"example_{output}.{ending}")
        until(driver, f"{output} is not downloaded", lambda: os.path.exists(file) and not glob.glob(f"{folder}/*.crdownload"))
        time.sleep(0.2)
        with open(file, "rb") as made:
            content = made.read()
        wanted = ask(service, output, 0.5)
        same = content == wanted if output != "json" else json.loads(content)["rle"] == json.loads(wanted)["rle"]
        check(same, f"the download of {output} is not what the service answers")
    # A picture of a format that the browser does not know is shown by way of the service.
    driver.find_elements(By.CSS_SELECTOR, "#list button")[3].click()
    until(driver, "the TIFF is not shown", lambda: text(driver, "size").startswith("128"))
    driver.find_elements(By.CSS_SELECTOR, "#list button")[2].click()
    until(driver, "the broken picture's fault is not told", lambda: "cannot be decoded" in text(driver, "problem"))
    check_accessible(driver, "a failure")
    # The browser tells of the refusal itself.
    driver.get_log("browser")
    check_quiet(driver, "use")
    driver.quit()


def check_keyboard_and_giving(service, folder):
    """Everything by the keyboard; pictures pasted and dropped."""
    driver = chromium(folder)
    driver.get(service.url)
    script = """
        const bytes = Uint8Array.from(atob(arguments[0]), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], arguments[1], { type: "image/png" }));
        const target = document.getElementById("give");
        target.dispatchEvent(arguments[1] === "pasted.png"
            ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
            : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    """
    import base64
    with open(EXAMPLE, "rb") as file:
        encoded = base64.b64encode(file.read()).decode()
    for name in ["pasted.png", "dropped.png"]:
        driver.execute_script(script, encoded, name)
    until(driver, "what was pasted and dropped is not segmented", lambda: finished(driver, 2))
    driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0);")
    reached = []
    for _ in range(30):
        ActionChains(driver).send_keys(Keys.TAB).perform()
        active = driver.switch_to.active_element
        reached.append(active.get_attribute("id") or active.get_attribute("data-output") or active.get_attribute("value")
                       or active.text.strip())
        if active.get_attribute("id") == "threshold":
            before = text(driver, "threshold-value")
            active.send_keys(Keys.ARROW_RIGHT)
            check(text(driver, "threshold-value") != before, "an arrow does not move the threshold")
    for wanted in ["files", "camera", "dropped.png", "tint", "threshold", "opacity", "wipe", "mask", "json"]:
        check(wanted in reached, f"the keyboard does not reach {wanted}: {reached}")
    check(text(driver, "status") != "", "nothing is told to screen readers")
    check_quiet(driver, "use by the keyboard")
    driver.quit()


def check_token(program, folder):
    """A service with a token asks for it, and says when it is wrong."""
    with running_service(program, f"{folder}/token.log", environment={"TRANSEG_TOKEN": TOKEN}) as service:
        driver = chromium(folder)
        driver.get(service.url)
        until(driver, "no token is asked for", lambda: driver.find_element(By.ID, "access").is_displayed())
        check_accessible(driver, "the question for a token")
        for token, names in [("wrong", "…"), (TOKEN, "glass-demo")]:
            field = driver.find_element(By.ID, "token")
            field.clear()
            field.send_keys(token + Keys.ENTER)
            time.sleep(0.5)
            until(driver, "the token is not taken", lambda: text(driver, "model") == names)
        give(driver, EXAMPLE)
        until(driver, "the token does not go with pictures", lambda: finished(driver, 1))
        check(TOKEN not in open(service.log, encoding="utf-8").read(), "the token is in the log")
        driver.quit()


def take_pictures(service, folder):
    """For people to look at, and for axe: light, dark, and a telephone's width."""
    for name, width, height, dark in [("light", 1280, 1100, False), ("dark", 1280, 1100, True), ("phone", 390, 1400, False)]:
        driver = chromium(folder, width, height, dark)
        driver.get(service.url)
        give(driver, EXAMPLE, os.path.join(folder, "large.jpg"))
        until(driver, "the pictures are not segmented", lambda: finished(driver, 2))
        set_slider(driver, "wipe", 70)
        check_accessible(driver, name)
        wide = driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        check(wide <= 0, f"the page is {wide} pixels too wide ({name})")
        driver.save_screenshot(os.path.join(folder, f"{name}.png"))
        driver.quit()


def main():
    program, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with running_service(program, f"{folder}/service.log") as service:
        check_use(service, folder)
        check_keyboard_and_giving(service, folder)
        take_pictures(service, folder)
        check(service.stop() == 0, "the service did not end with 0")
    check_token(program, folder)
    print("check_page: all is well; the screenshots are in", folder)


if __name__ == "__main__":
    main()
