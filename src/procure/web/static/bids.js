// What the form of a bid does by itself; everything works without it too.

const form = document.querySelector("form[data-draft]");
const status = document.querySelector("[data-draft-status]");

// What is typed is kept on the server, locked, three seconds after the last key.
if (form) {
  let timer;
  let running = false;
  const save = async () => {
    if (running) return plan();
    running = true;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: new FormData(form) });
      status.textContent = answer.ok ? status.dataset.saved : status.dataset.failed;
    } catch {
      status.textContent = status.dataset.failed;
      plan();
    } finally {
      running = false;
    }
  };
  const plan = () => {
    clearTimeout(timer);
    timer = setTimeout(save, 3000);
  };
  form.addEventListener("input", plan);
  form.addEventListener("submit", () => clearTimeout(timer));
}

// A file goes up in pieces; a broken line goes on where it was, as long as this page is open.
const upload = document.querySelector("form[data-upload]");
if (upload) {
  const token = upload.querySelector("input[name=_csrf]").value;
  const says = document.querySelector("[data-upload-status]");
  const size = Number(upload.dataset.pieceBytes);
  const wait = (seconds) => new Promise((go) => setTimeout(go, 1000 * seconds));
  const offsetOf = async (path) => Number((await fetch(path, { method: "HEAD" })).headers.get("upload-offset"));

  const sendAll = async (file) => {
    const about = new FormData();
    about.set("_csrf", token);
    about.set("name", file.name);
    about.set("length_bytes", file.size);
    const started = await fetch(upload.dataset.upload, { method: "POST", body: about });
    if (!started.ok) return false;
    const { id, upload_key: key } = await started.json();
    const path = `/bid-files/${id}`;
    let offset = 0;
    for (let tries = 0; offset < file.size; ) {
      says.textContent = `${file.name}: ${Math.floor((100 * offset) / file.size)} %`;
      try {
        const answer = await fetch(path, {
          method: "PATCH",
          headers: {
            "x-csrf-token": token,
            "content-type": "application/offset+octet-stream",
            "upload-offset": String(offset),
            "upload-key": key,
          },
          body: file.slice(offset, offset + size),
        });
        if (answer.status === 422) return true; // the page says why, once it is loaded again
        if (answer.status !== 204 && answer.status !== 409 && answer.status !== 503) return false;
        offset = answer.status === 204 ? Math.min(offset + size, file.size) : await offsetOf(path);
        tries = 0;
      } catch {
        says.textContent = says.dataset.waiting;
        await wait(Math.min(2 ** tries++, 30));
        offset = await offsetOf(path).catch(() => offset);
      }
    }
    return true;
  };

  upload.addEventListener("submit", async (event) => {
    const file = upload.querySelector("input[type=file]").files[0];
    if (!file) return; // the server says so
    event.preventDefault();
    const button = upload.querySelector("button");
    button.disabled = true;
    if (await sendAll(file)) location.reload();
    else upload.submit();
  });
}
