// Consent as OneTrust does it: inserted late, in a container that may have no height.
(() => {
  const settings = () => JSON.parse(document.getElementById("page-settings").textContent);
  const insert = () => {
    const { consent, consentSize } = settings();
    if (document.cookie.includes("OptanonAlertBoxClosed")) return;
    const box = document.createElement("div");
    box.id = "onetrust-consent-sdk";
    if (consentSize === "full") box.style.cssText = "min-height:200px";
    box.innerHTML = `
      <div class="onetrust-pc-dark-filter"></div>
      <div id="onetrust-banner-sdk" role="dialog" aria-label="Cookie banner">
        <p>We use cookies.</p>
        <button id="onetrust-pc-btn-handler" type="button">Manage Preferences</button>
        <button id="onetrust-accept-btn-handler" type="button">Accept &amp; Continue</button>
      </div>`;
    document.body.append(box);
    box.querySelector("#onetrust-accept-btn-handler").addEventListener("click", () => {
      if (consent === "stuck") return;
      document.cookie = "OptanonAlertBoxClosed=now; path=/; max-age=31536000";
      box.remove();
      dispatchEvent(new Event("onetrust-accepted"));
    });
  };
  const later = () => setTimeout(insert, settings().consentDelay);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", later);
  else later();
})();
