import { paint, statistics } from "./mask.js";

const $ = (id) => document.getElementById(id);
/** Of each picture: file, name, state (waiting, working, done, failed), photograph and soft mask once they are there. */
const pictures = [];
let current = null;
let isWorking = false;
let token = sessionStorage.getItem("token") ?? "";
/** Resolved when a token is given; one for all who wait. */
let asking = null;
let givenToken = null;

// Asking the service

class Problem extends Error {}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));

function say(text) {
  $("status").textContent = text;
}

async function askForToken() {
  $("access").hidden = false;
  if (!asking) $("token").focus();
  say(token ? "That token is not the service's." : "A token is needed.");
  asking ??= new Promise((done) => { givenToken = done; });
  await asking;
}

/** Sends a request; waits and asks again while the service is busy, and asks the person for a token where one is wanted. */
async function ask(path, options = {}) {
  for (;;) {
    let response;
    try {
      response = await fetch(path, { ...options, headers: token ? { Authorization: `Bearer ${token}` } : {} });
    } catch {
      throw new Problem("The service cannot be reached. It may have been stopped.");
    }
    if (response.ok) return response;
    if (response.status === 401) {
      await askForToken();
    } else if (response.status === 503) {
      say("The service is busy; waiting for a turn.");
      await pause(Number(response.headers.get("Retry-After") ?? 1));
    } else {
      const problem = await response.json().catch(() => ({}));
      throw new Problem(problem.detail ?? `The service answered ${response.status}.`);
    }
  }
}

const segment = (picture, output, threshold = 0.5) =>
  ask(`v1/segment?output=${output}&threshold=${threshold}`, { method: "POST", body: picture.file });

// Pictures

async function pixels(blob) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/** The photograph as the browser shows it; of formats that it does not know, as the service does. */
async function photograph(picture, width, height) {
  try {
    const bitmap = await createImageBitmap(picture.file);
    if (bitmap.width === width && bitmap.height === height) return bitmap;
  } catch {
    // The service reads more formats.
  }
  // Nothing is above 1: the picture without any tint.
  return createImageBitmap(await (await segment(picture, "overlay", 1)).blob());
}

async function work() {
  if (isWorking) return;
  isWorking = true;
  for (let picture; (picture = pictures.find((each) => each.state === "waiting")); ) {
    picture.state = "working";
    show(picture);
    const start = performance.now();
    try {
      say(`${picture.name}: segmenting`);
      const mask = await pixels(await (await segment(picture, "soft")).blob());
      picture.seconds = (performance.now() - start) / 1000;
      picture.soft = new Uint8ClampedArray(mask.width * mask.height);
      for (let place = 0; place < picture.soft.length; place += 1) picture.soft[place] = mask.data[4 * place];
      picture.photograph = await photograph(picture, mask.width, mask.height);
      [picture.width, picture.height] = [mask.width, mask.height];
      picture.state = "done";
      const { share } = statistics(picture.soft, threshold());
      say(`${picture.name}: ${percent(share)} is transparent`);
    } catch (error) {
      picture.state = "failed";
      picture.problem = error instanceof Problem ? error.message : `The picture cannot be shown: ${error.message}`;
      say(`${picture.name}: failed`);
    }
    show(picture);
  }
  isWorking = false;
}

function add(files) {
  const images = [...files].filter((file) => file.type.startsWith("image/") || /\.(heic|heif|avif|tiff?)$/i.test(file.name));
  if (images.length === 0) {
    if (files.length > 0) say("That is no picture.");
    return;
  }
  for (const file of images) {
    const picture = { file, name: file.name || "pasted picture", state: "waiting" };
    picture.button = entry(picture);
    pictures.push(picture);
  }
  if (!current) select(pictures[0]);
  work();
}

function entry(picture) {
  const button = document.createElement("button");
  button.type = "button";
  const image = document.createElement("img");
  image.alt = "";
  image.src = URL.createObjectURL(picture.file);
  // A format that the browser does not show.
  image.addEventListener("error", () => image.removeAttribute("src"));
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  const label = document.createElement("span");
  button.append(image, label);
  button.addEventListener("click", () => {
    select(picture);
    $("result").focus({ preventScroll: true });
  });
  const item = document.createElement("li");
  item.append(button);
  $("list").append(item);
  return button;
}

const states = { waiting: "waiting", working: "working", done: "", failed: "failed" };

function select(picture) {
  const before = current;
  current = picture;
  if (before) show(before);
  show(picture);
}

/** Brings an entry of the list, and the result where it is this picture's, to what the picture's state is. */
function show(picture) {
  const state = states[picture.state];
  picture.button.lastChild.textContent = picture.name + (state && ` (${state})`);
  picture.button.setAttribute("aria-current", String(picture === current));
  if (picture !== current) return;
  const isDone = picture.state === "done";
  $("result").hidden = false;
  $("name").textContent = picture.name + (state && ` (${state})`);
  $("problem").hidden = picture.state !== "failed";
  $("problem").textContent = picture.problem ?? "";
  for (const part of ["stage", "controls", "facts"]) $(part).hidden = !isDone;
  if (!isDone) return;
  for (const canvas of [$("photograph"), $("layer")]) [canvas.width, canvas.height] = [picture.width, picture.height];
  $("photograph").getContext("2d", { willReadFrequently: true }).drawImage(picture.photograph, 0, 0);
  $("size").textContent = `${picture.width} × ${picture.height}`;
  $("seconds").textContent = `${picture.seconds.toFixed(2)} s`;
  draw();
}

// The result

const threshold = () => Number($("threshold").value);
const percent = (share) => `${(share * 100).toFixed(1)} %`;
let isDrawing = false;

/** Draws the layer at the threshold, at most once a frame. */
function draw() {
  if (isDrawing || current?.state !== "done") return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    if (current?.state !== "done") return;
    const picture = current;
    const view = new FormData($("controls")).get("view");
    const context = $("layer").getContext("2d", { willReadFrequently: true });
    const layer = context.createImageData(picture.width, picture.height);
    const colors = view === "cutout"
      ? $("photograph").getContext("2d").getImageData(0, 0, picture.width, picture.height).data : null;
    paint(layer.data, picture.soft, threshold(), view, colors);
    context.putImageData(layer, 0, 0);
    const facts = statistics(picture.soft, threshold());
    $("share").textContent = `${percent(facts.share)} (${facts.pixels.toLocaleString("en")} pixels)`;
    $("mean").textContent = facts.mean.toFixed(3);
    $("photograph").setAttribute(
      "aria-label", `${picture.name} with its mask: ${percent(facts.share)} is transparent at threshold ${threshold().toFixed(2)}`);
    arrange(view);
  });
}

/** Opacity and wipe: nothing is computed for them. */
function arrange(view = new FormData($("controls")).get("view")) {
  const wipe = Number($("wipe").value);
  $("threshold-value").textContent = threshold().toFixed(2);
  $("opacity-value").textContent = `${$("opacity").value} %`;
  $("wipe-value").textContent = `${wipe} %`;
  const right = `inset(0 ${100 - wipe}% 0 0)`;
  $("layer").style.clipPath = right;
  $("layer").style.opacity = view === "cutout" ? 1 : Number($("opacity").value) / 100;
  // What is cut out is seen before a pattern, not before the photograph.
  $("photograph").style.clipPath = view === "cutout" ? `inset(0 0 0 ${wipe}%)` : "none";
  $("stage").classList.toggle("checkered", view === "cutout");
  $("edge").style.left = `${wipe}%`;
  $("edge").hidden = wipe === 100 || wipe === 0;
}

function wipeTo(event) {
  const box = $("stage").getBoundingClientRect();
  $("wipe").value = String(Math.round(Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * 100));
  arrange();
}

async function download(button) {
  if (button.getAttribute("aria-disabled") === "true") return;
  const [picture, output] = [current, button.dataset.output];
  button.setAttribute("aria-disabled", "true");
  try {
    say(`${picture.name}: making the download`);
    const blob = await (await segment(picture, output, threshold())).blob();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${picture.name.replace(/\.[^.]*$/, "")}_${output}.${output === "json" ? "json" : "png"}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    say(`${link.download} is downloaded`);
  } catch (error) {
    say(error instanceof Problem ? error.message : `The download failed: ${error.message}`);
  }
  button.removeAttribute("aria-disabled");
}

// What people do

for (const id of ["files", "camera"]) {
  $(id).addEventListener("change", (event) => {
    add(event.target.files);
    // The same picture may be chosen again.
    event.target.value = "";
  });
}
document.addEventListener("paste", (event) => add(event.clipboardData.files));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  $("give").classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) $("give").classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("give").classList.remove("over");
  add(event.dataTransfer.files);
});
$("controls").addEventListener("submit", (event) => event.preventDefault());
for (const control of [...document.querySelectorAll("[name=view]"), $("threshold")]) control.addEventListener("input", () => { arrange(); draw(); });
for (const id of ["opacity", "wipe"]) $(id).addEventListener("input", () => arrange());
$("stage").addEventListener("pointerdown", (event) => {
  $("stage").setPointerCapture(event.pointerId);
  wipeTo(event);
});
$("stage").addEventListener("pointermove", (event) => {
  if ($("stage").hasPointerCapture(event.pointerId)) wipeTo(event);
});
for (const button of $("downloads").children) button.addEventListener("click", () => download(button));
$("access").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("token").value.trim();
  sessionStorage.setItem("token", token);
  $("access").hidden = true;
  asking = null;
  givenToken?.();
});

ask("v1/models").then((response) => response.json()).then(({ data }) => {
  $("model").textContent = Object.keys(data).join(", ");
  say("");
}).catch((error) => say(error.message));
