// Takes the code out of the address, where no server and no link preview sees it, and puts it into the form.
const code = decodeURIComponent(location.hash.slice(1));
if (code) {
  document.getElementById("code").value = code;
  document.querySelector(".door button").focus();
  history.replaceState(null, "", location.pathname + location.search);
}
