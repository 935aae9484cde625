// When the page's program has died (a file of an older release is gone, or a defect), its links still work: what was clicked, and
// everything after it, is opened by the browser itself. What dies because the page is left, its files half fetched, leads nowhere; who
// comes back to it finds it loaded again.
(() => {
  let dead = false, left = false, to, when = 0;
  addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    if (!link || link.origin !== location.origin) return;
    [to, when] = [link.href, Date.now()];
    if (dead) event.stopImmediatePropagation();
  }, true);
  const died = (cause) => {
    if (!(cause instanceof WebAssembly.RuntimeError)) return;
    dead = true;
    if (!left && Date.now() - when < 10_000) location.assign(to);
  };
  addEventListener('error', (event) => died(event.error));
  addEventListener('unhandledrejection', (event) => died(event.reason));
  addEventListener('pagehide', () => { left = true; });
  addEventListener('pageshow', (event) => {
    left = false;
    if (dead && event.persisted) location.reload();
  });
})();
