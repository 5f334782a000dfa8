(() => {
  const byId = (id) => document.getElementById(id);
  const viewer = byId("viewer"), shows = byId("shows"), lost = byId("lost");
  const chosen = { stage: null, cause: null, row: null };
  let list = [], at = 0;

  // Filters: of each kind one value or none; a card must have all that are chosen.
  const filters = document.querySelector(".filters");
  const filter = () => {
    let count = 0;
    for (const card of lost.children) {
      card.hidden = Object.keys(chosen).some((key) => chosen[key] !== null && card.dataset[key] !== chosen[key]);
      count += card.hidden ? 0 : 1;
    }
    byId("shown").textContent = count + " shown";
    byId("all").hidden = Object.values(chosen).every((value) => value === null);
    for (const button of filters.querySelectorAll("[data-key]")) {
      button.setAttribute("aria-pressed", String(chosen[button.dataset.key] === button.dataset.value));
    }
  };
  if (filters) {
    filters.hidden = false;
    filters.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.id === "all") {
        for (const key of Object.keys(chosen)) chosen[key] = null;
      } else {
        const { key, value } = button.dataset;
        chosen[key] = chosen[key] === value ? null : value;
      }
      filter();
    });
  }

  // One card, large, and from there to the next that the filters leave.
  const show = (to) => {
    at = (to + list.length) % list.length;
    const card = list[at].cloneNode(true);
    card.removeAttribute("id");
    card.removeAttribute("tabindex");
    card.removeAttribute("role");
    for (const picture of card.querySelectorAll("img")) picture.loading = "eager";
    shows.replaceChildren(card);
    byId("place").textContent = at + 1 + " of " + list.length;
  };
  const open = (card) => {
    list = [...card.parentElement.children].filter((other) => !other.hidden);
    show(list.indexOf(card));
    viewer.showModal();
  };
  for (const card of document.querySelectorAll(".cards > .card")) {
    card.tabIndex = 0;
    card.classList.add("opens");
    card.addEventListener("click", () => open(card));
    card.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open(card);
      }
    });
  }
  byId("before").addEventListener("click", () => show(at - 1));
  byId("after").addEventListener("click", () => show(at + 1));
  byId("shut").addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
  viewer.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") show(at - 1);
    if (event.key === "ArrowRight") show(at + 1);
  });

  // Paper shows what was folded away, and everybody.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const part of folded) part.open = true;
  });
  addEventListener("afterprint", () => { for (const part of folded) part.open = false; });
})();
