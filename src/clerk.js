// Puts Clerk's component where the page has room for it. Whatever goes wrong, the link beside it leads to Clerk's own page.
addEventListener('load', async () => {
  const room = document.querySelector('[data-clerk]');
  const clerk = window.Clerk;
  if (!room || !clerk) return;
  await clerk.load();
  const { clerk: path, next } = room.dataset;
  const options = { routing: 'hash', forceRedirectUrl: next, signInUrl: '/sign-in', signUpUrl: '/sign-up' };
  if (path === '/sign-up') clerk.mountSignUp(room, options);
  else clerk.mountSignIn(room, options);
});
