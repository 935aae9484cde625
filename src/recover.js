// Keeps links working after the WebAssembly program has failed, because a file of an older release is missing or by a defect: the browser
// opens the clicked link, and every later one, itself. A failure while the page is being left, with its files half fetched, is ignored; a
// page that failed and is restored by the back button is loaded again.
(() => {
  let failed = false, leaving = false, target, clickedAt = 0;
  addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!link || link.origin !== location.origin) return;
    [target, clickedAt] = [link.href, Date.now()];
    if (failed) event.stopImmediatePropagation();
  }, true);
  const onError = (cause) => {
    if (!(cause instanceof WebAssembly.RuntimeError)) return;
    failed = true;
    if (!leaving && Date.now() - clickedAt < 10_000) location.assign(target);
  };
  addEventListener('error', (event) => onError(event.error));
  addEventListener('unhandledrejection', (event) => onError(event.reason));
  addEventListener('pagehide', () => { leaving = true; });
  addEventListener('pageshow', (event) => {
    leaving = false;
    if (failed && event.persisted) location.reload();
  });
})();
