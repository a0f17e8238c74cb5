// Charts: where scripts run, plotly.js takes the place of the server's drawing, once the drawing comes into view.
// Without script, without WebGL (maps) or with the browser's wish to save data, the drawing stays.
"use strict";
(() => {
  const library = document.currentScript.dataset.library;
  const narrow = window.matchMedia("(max-width: 40rem)");
  const FONT = { family: getComputedStyle(document.body).fontFamily, size: 13, color: "#17252a" };
  const CONFIG = { displayModeBar: false, responsive: true, showTips: false, scrollZoom: false };
  let loading = null;

  const load = () => {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library;
      script.addEventListener("load", () => resolve(window.Plotly));
      script.addEventListener("error", reject);
      document.head.append(script);
    });
    return loading;
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
      return;
    }
    const Plotly = await load();
    const { data, layout } = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
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

  if (navigator.connection?.saveData) {
    return;
  }
  // One after another: a map must not hold up the chart above it.
  let line = Promise.resolve();
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) {
          seen.unobserve(entry.target);
          line = line.then(() => draw(entry.target)).catch((error) => console.error(error));
        }
      }
    },
    { rootMargin: "300px" },
  );
  for (const figure of document.querySelectorAll("figure.chart")) {
    seen.observe(figure);
  }
})();
