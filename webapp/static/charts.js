// Charts. The server's drawing is what one reads; plotly.js takes its place when somebody wants to work with a chart:
// the pointer rests on it, it is tapped, or its button is pressed. A map, which needs WebGL, waits for a tap or the
// button. Until then nothing of plotly.js is run, so that the page never keeps anybody waiting. Where a mouse is at
// work, the file alone is fetched once the page is idle and a chart is in view, so that it is there when asked for.
"use strict";
(() => {
  const { library, ground } = document.currentScript.dataset;
  const narrow = window.matchMedia("(max-width: 40rem)");
  const CONFIG = { displayModeBar: false, responsive: true, showTips: false, scrollZoom: false };
  const RESTS_MS = 250;
  const IDLE_MS = 2000;
  let loading = null;
  let grounds = null;

  const font = () => ({ family: getComputedStyle(document.body).fontFamily, size: 13, color: "#17252a" });

  const idle = () =>
    new Promise((resolve) => {
      if (window.requestIdleCallback) {
        requestIdleCallback(resolve, { timeout: IDLE_MS });
      } else {
        setTimeout(resolve, 50);
      }
    });

  const load = () => {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library;
      script.addEventListener("load", () => resolve(window.Plotly));
      script.addEventListener("error", () => {
        loading = null;
        script.remove();
        reject(new Error("the script of the charts did not come"));
      });
      document.head.append(script);
    });
    return loading;
  };

  // Coast, lakes and waterways are the same for all maps and stay in the cache.
  const onGround = async (layout) => {
    grounds ??= fetch(ground).then((reply) => (reply.ok ? reply.json() : Promise.reject(new Error(reply.status))));
    try {
      Object.assign(layout.map.style.sources, await grounds);
    } catch (error) {
      grounds = null;
      throw error;
    }
  };

  const hasWebGL = () => {
    try {
      return Boolean(document.createElement("canvas").getContext("webgl2"));
    } catch {
      return false;
    }
  };

  // A finger that scrolls the page must not zoom a chart.
  const laidOut = (layout, data, isMap) => {
    const FONT = font();
    const whole = {
      font: FONT,
      margin: isMap ? { l: 0, r: 0, t: 0, b: 0 } : { l: 56, r: 16, t: 24, b: 40 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      hoverlabel: { font: FONT, bgcolor: "#ffffff", bordercolor: "#17252a", align: "left" },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      dragmode: isMap ? "pan" : false,
      ...layout,
    };
    for (const name of ["xaxis", "yaxis"]) {
      if (whole[name]) {
        whole[name] = { fixedrange: true, gridcolor: "#c3d0d4", zerolinecolor: "#17252a", ...whole[name] };
      }
    }
    if (narrow.matches && whole.yaxis?.type === "category") {
      const names = data[0]?.y ?? [];
      whole.yaxis.tickvals = names;
      whole.yaxis.ticktext = names.map((name) => (name.length > 18 ? `${name.slice(0, 17)}…` : name));
    }
    if (isMap && narrow.matches) {
      whole.height = 320;
      whole.map = { ...whole.map, zoom: whole.map.zoom - 1 };
    }
    return whole;
  };

  const follow = (event) => {
    const data = event.points?.[0]?.customdata;
    const url = Array.isArray(data) ? data.at(-1) : "";
    // Only ways within our own pages.
    if (typeof url === "string" && url.startsWith("/") && !url.startsWith("//")) {
      window.location.assign(url);
    }
  };

  const draw = async (figure) => {
    const isMap = "map" in figure.dataset;
    if (isMap && !hasWebGL()) {
      throw new Error("maps need WebGL");
    }
    const { data, layout } = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    const [Plotly] = await Promise.all([load(), isMap ? onGround(layout) : null]);
    await idle(); // whatever was typed or pressed while the script was read goes first
    const plot = figure.querySelector(".plot");
    const whole = laidOut(layout, data, isMap);
    plot.hidden = false;
    try {
      await Plotly.newPlot(plot, data, whole, CONFIG);
    } catch (error) {
      plot.hidden = true;
      throw error;
    }
    figure.classList.add("drawn");
    plot.on("plotly_click", follow);
    plot.tabIndex = -1;
    if (isMap) {
      const title = figure.querySelector("figcaption").textContent;
      plot.querySelector("canvas.maplibregl-canvas")?.setAttribute("aria-label", title);
      wireButtons(Plotly, figure, plot, whole.map);
    } else {
      // The table twin and the drawing's label say it; the parts of the plot would only be noise.
      plot.setAttribute("role", "img");
      plot.setAttribute("aria-label", figure.querySelector("figcaption").textContent);
    }
  };

  const wireButtons = (Plotly, figure, plot, start) => {
    const bar = figure.querySelector(".map-buttons");
    bar.hidden = false;
    bar.addEventListener("click", (event) => {
      const step = Number(event.target.dataset?.zoom ?? NaN);
      if (Number.isNaN(step)) {
        return;
      }
      const change = step
        ? { "map.zoom": plot.layout.map.zoom + step }
        : { "map.zoom": start.zoom, "map.center": { ...start.center } };
      Plotly.relayout(plot, change);
    });
  };

  // Once for each chart. What fails leaves drawing and button as they were; the button says that it did.
  const bring = async (figure, button) => {
    if (figure.hasAttribute("aria-busy") || figure.classList.contains("drawn")) {
      return;
    }
    const words = button.textContent;
    const pressed = document.activeElement === button;
    figure.setAttribute("aria-busy", "true");
    button.textContent = button.dataset.busy;
    try {
      await draw(figure);
      button.hidden = true;
      if (pressed) {
        const next = figure.querySelector(".map-buttons:not([hidden]) button") ?? figure.querySelector(".plot");
        next.focus({ preventScroll: true });
      }
    } catch (error) {
      button.textContent = button.dataset.failed;
      setTimeout(() => (button.textContent = words), 4000);
      console.error(error);
    } finally {
      figure.removeAttribute("aria-busy");
    }
  };

  const wire = (figure) => {
    const button = figure.querySelector("button.live");
    const drawing = figure.querySelector(".drawing");
    button.hidden = false;
    button.addEventListener("click", () => bring(figure, button));
    drawing.addEventListener("click", (event) => {
      if (!event.target.closest("a")) {
        bring(figure, button);
      }
    });
    if ("map" in figure.dataset) {
      return;
    }
    let resting = 0;
    drawing.addEventListener("pointerenter", (event) => {
      if (event.pointerType === "mouse") {
        resting = setTimeout(() => bring(figure, button), RESTS_MS);
      }
    });
    drawing.addEventListener("pointerleave", () => clearTimeout(resting));
  };

  // Read piece by piece and let go: five megabytes in one hand would hold the page up.
  const passed = async (reader) => {
    while (!(await reader.read()).done) {
      await idle();
    }
  };

  // The file alone, into the cache: it is not run. Nobody on a phone or on a dear line pays for what they do not use.
  const fetchAhead = async () => {
    if (!window.matchMedia("(hover: hover)").matches || navigator.connection?.saveData) {
      return;
    }
    if (document.readyState !== "complete") {
      await new Promise((resolve) => window.addEventListener("load", resolve, { once: true }));
    }
    await idle();
    if (loading === null) {
      fetch(library, { priority: "low" })
        .then((reply) => passed(reply.body.getReader()))
        .catch(() => null); // it is asked for again when it is needed
    }
  };

  const inView = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) {
      inView.disconnect();
      fetchAhead();
    }
  });

  for (const figure of document.querySelectorAll("figure.chart")) {
    wire(figure);
    inView.observe(figure);
  }
})();
