"""How fast the scoring page goes on to the next sample, and what a visit weighs: ``python -m benchmarks.scoring_page``.

A server of our own with lag added to every answer, a study of pictures the size of a screen, Chromium, one submit a
second. The time runs from the keydown of Enter (as the browser stamped it) to the first animation frame after the
next sample has taken its place; its pictures are decoded by then, or the run counts them as late.
"""

import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LAG = 0.150
SUBMITS = 50
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)

WATCH = """() => {
  window.swaps = [];
  addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const before = document.querySelector(".stage.on");
    // Behind the page's own listener: the swap has happened when this one runs.
    const behind = () => {
      document.removeEventListener("keydown", behind);
      const handled = performance.now() - event.timeStamp;
      const stage = document.querySelector(".stage.on");
      const images = [...stage.querySelectorAll("img.shot")];
      const dots = [...stage.querySelectorAll("figure .picdot use")];
      const late = !images.length || dots.some((dot) => dot.getAttribute("href") === "#icon-dot-none");
      const decoded = Promise.all(images.map((image) => image.decode()))
        .then(() => new Promise(requestAnimationFrame)).then(() => performance.now() - event.timeStamp);
      requestAnimationFrame(() => {
        const frame = performance.now() - event.timeStamp;
        const channel = new MessageChannel();
        channel.port1.onmessage = async () => {
          const painted = performance.now() - event.timeStamp;
          swaps.push({ swapped: stage !== before, late, handled, frame, painted, again: await decoded });
        };
        channel.port2.postMessage(0);
      });
    };
    document.addEventListener("keydown", behind);
  }, true);
}"""


def lagging(environ: dict[str, Any], start_response: Any) -> Any:
    """Answer as the application does, but later."""
    from config.wsgi import application

    time.sleep(LAG)
    return application(environ, start_response)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="scoring-page-") as folder:
        port = _free_port()
        os.environ.update(
            DATA_DIR=folder,
            DATABASE_URL=f"sqlite:///{folder}/bench.sqlite3",
            MEDIA_ROOT=f"{folder}/media",
            SECRET_KEY="of-no-use-outside-of-benchmarks-0123456789abcdefghijklmno",
            DJANGO_SETTINGS_MODULE=os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings"),
            DJANGO_ALLOW_ASYNC_UNSAFE="1",
            PORT=str(port),
            HOST="127.0.0.1",
        )
        session = _prepare()
        with _server(port):
            print(json.dumps(_measure(f"http://127.0.0.1:{port}", session), indent=2))


def _prepare() -> str:
    """Make the study and return Ann's session."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from annotation.models import Study
    from tests.factories import make_member, make_sample, make_study

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=["drf_spectacular_sidecar"])
    study: Study = make_study("bench", k=1)
    for number in range(SUBMITS + 12):
        sample = make_sample(
            study, "Robins sing before sunrise, and most of all in spring. " * 12, question=f"Why {number}?"
        )
        _add_picture(sample, number)
    member = make_member(study, "ann")
    assert member.user is not None
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value


def _add_picture(sample: Any, number: int) -> None:
    """Give a sample a picture with as much in it as a photograph has."""
    import io

    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage
    from PIL import Image

    from annotation.models import Picture, SamplePicture

    chance = random.Random(number)
    small = Image.new("RGB", (128, 96))
    small.putdata([tuple(chance.randrange(256) for _ in range(3)) for _ in range(128 * 96)])
    buffer = io.BytesIO()
    small.resize((1024, 768), Image.Resampling.BICUBIC).save(buffer, "WEBP", quality=80)
    name = default_storage.save(f"bench/{number}.webp", ContentFile(buffer.getvalue()))
    copies = {field.name: name for field in Picture._meta.fields if field.name in ("original", "clean", "full", "web")}
    picture = Picture.objects.create(
        sha256=f"{number:064x}", format="WEBP", bytes=len(buffer.getvalue()), width=1024, height=768,
        web_width=1024, web_height=768, **copies,
    )  # fmt: skip
    SamplePicture.objects.create(sample=sample, picture=picture, position=0, source_name="x")
    content = sample.content
    content.turns[0]["blocks"].append({"picture": 0})
    content.save()
    sample.has_image = True
    sample.save()


@contextmanager
def _server(port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "benchmarks.scoring_page:lagging"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _measure(address: str, session: str) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    from annotation.models import Score

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
        context.add_cookies([{"name": "sessionid", "value": session, "url": address}])
        first, page = _visit(context)
        page.close()
        later, page = _visit(context)
        page.evaluate(WATCH)
        for _ in range(SUBMITS):
            began = time.monotonic()
            for digit in "4321":
                page.keyboard.press(digit)
            page.keyboard.press("Enter")
            page.wait_for_timeout(max(0, 1000 - (time.monotonic() - began) * 1000))
        page.wait_for_timeout(2000)
        swaps = page.evaluate("() => swaps")
        browser.close()
    stored = Score.objects.count()
    frames = sorted(swap["frame"] for swap in swaps)
    return {
        "enter_to_next_frame_ms": {"median": round(statistics.median(frames), 1), "worst": round(frames[-1], 1)},
        "enter_to_painted_ms": _figures(swaps, "painted"),
        "handler_ms": _figures(swaps, "handled"),
        "decode_asked_again_ms": _figures(swaps, "again"),
        "slowest_first": [round(frame) for frame in frames[:-6:-1]],
        "swaps": len(swaps),
        "swapped": sum(swap["swapped"] for swap in swaps),
        "pictures_late": sum(swap["late"] for swap in swaps),
        "scores_stored": stored,
        "first_visit_bytes": first,
        "later_visit_bytes": later,
    }


def _figures(swaps: list[dict[str, float]], name: str) -> dict[str, float]:
    values = [swap[name] for swap in swaps]
    return {"median": round(statistics.median(values), 1), "worst": round(max(values), 1)}


def _visit(context: Any) -> tuple[dict[str, int], Any]:
    """Open the page and return what came over the wire, by kind, without the samples' pictures."""
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    urls: dict[str, str] = {}
    weights = {"page": 0, "api": 0, "static": 0}

    def count(event: dict[str, Any]) -> None:
        url = urls.get(event["requestId"], "")
        if "/api/pictures/" not in url:
            weights["static" if "/static/" in url else "api" if "/api/" in url else "page"] += int(
                event["encodedDataLength"]
            )

    wire.on("Network.requestWillBeSent", lambda event: urls.__setitem__(event["requestId"], event["request"]["url"]))
    wire.on("Network.loadingFinished", count)
    page.goto("/studies/bench/score/")
    page.wait_for_selector("#panel .dim.here")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    return {**weights, "total": sum(weights.values())}, page


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
