const form = document.getElementById("shape");
function choose() {
  const asked = new URLSearchParams(new FormData(form));
  for (const link of document.querySelectorAll("[data-shape]")) link.search = asked;
}
form.addEventListener("change", choose);
choose();
