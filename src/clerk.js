// Mounts Clerk's sign-in or sign-up component in the page. If that fails, the link beside it still leads to Clerk's own page.
addEventListener('load', async () => {
  const container = document.querySelector('[data-clerk]');
  const clerk = window.Clerk;
  if (!container || !clerk) return;
  await clerk.load();
  const { clerk: path, next } = container.dataset;
  const options = { routing: 'hash', forceRedirectUrl: next, signInUrl: '/sign-in', signUpUrl: '/sign-up' };
  if (path === '/sign-up') clerk.mountSignUp(container, options);
  else clerk.mountSignIn(container, options);
});
