// mlssoccer.com's own script: the lazy iframe, the layout for phones, and analytics that never come to rest.
const settings = JSON.parse(document.getElementById("page-settings").textContent);
const container = document.querySelector(".iframe-container");
const needsConsent = settings.consent === "required" || settings.consent === "stuck";
let consented = document.cookie.includes("OptanonAlertBoxClosed") && settings.consent !== "stuck";

function activate(frame) {
  if (frame.src || settings.iframe === "data-src-only" || (needsConsent && !consented)) return;
  frame.src = frame.dataset.src;
  if (settings.iframe === "reloading") {
    let left = settings.iframeReloads;
    frame.addEventListener("load", () => {
      if (left-- > 0) setTimeout(() => { frame.src = "about:blank"; setTimeout(() => { frame.src = settings.address; }, 50); }, 300);
    });
  }
}

function watch(frame) {
  new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) activate(frame);
  }).observe(frame);
  addEventListener("onetrust-accepted", () => { consented = true; activate(frame); });
}

function layOut() {
  // Moving an iframe reloads it, so the layout is chosen before it has an address.
  if (matchMedia("(max-width: 767px)").matches) document.querySelector(".mobile-layout").append(container);
}

layOut();
if (settings.iframe === "slow") {
  setTimeout(() => {
    const frame = document.createElement("iframe");
    frame.className = "mls-o-iframe";
    frame.dataset.src = settings.address;
    container.append(frame);
    watch(frame);
  }, settings.iframeDelay);
} else {
  document.querySelectorAll("main iframe").forEach(watch);
}

setInterval(() => { fetch("/analytics/collect", { method: "POST", body: String(performance.now()) }); }, 400);
