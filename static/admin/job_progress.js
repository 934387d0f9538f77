// Asks for a job's progress every two seconds until it is finished, then shows the whole page anew.
(() => {
  const box = document.querySelector("[data-job-progress]");
  if (!box || box.querySelector('[data-job-finished="1"]')) return;
  let failures = 0;
  const timer = setInterval(async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(box.dataset.jobProgress, { credentials: "same-origin" });
      // A login page in place of the fragment means that the session has ended.
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
      box.innerHTML = await answer.text();
      failures = 0;
      if (box.querySelector('[data-job-finished="1"]')) {
        clearInterval(timer);
        location.reload();
      }
    } catch (error) {
      failures += 1;
      if (failures === 5) {
        clearInterval(timer);
        box.insertAdjacentHTML("beforeend", "<p>No answer any more. Reload the page to try again.</p>");
      }
    }
  }, 2000);
})();
