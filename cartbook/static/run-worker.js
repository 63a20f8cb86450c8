// Python for one page: Pyodide with the book's package, in a module worker. Run cells come in, outputs go out.
let python, session;

const say = (kind, more) => postMessage({ kind, ...more });

const load = async ({ runtime, packages, loads }) => {
  new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); // an empty one: fails at once where a policy forbids any
  const archive = fetch(packages).then(answer => {
    if (!answer.ok) throw new Error(`${packages}: ${answer.status}`);
    return answer.arrayBuffer();
  });
  archive.catch(() => {}); // it is awaited below; until then its failure is not news
  const { loadPyodide } = await import(`${runtime}pyodide.mjs`);
  python = await loadPyodide({ indexURL: runtime });
  say("loading", { what: "tables and charts" });
  const quiet = { messageCallback() {}, errorCallback() {} };
  await python.loadPackage(loads, quiet);
  python.unpackArchive(await archive, "zip", { extractDir: "/book" });
  python.runPython(
    "import sys; sys.path.insert(0, '/book')\nfrom cartbook.cell_runner import Session",
  );
  session = python.runPython("Session()");
};

const run = async ({ number, source }) => {
  let answer = JSON.parse(session.run(number, source));
  if (answer.missing) {
    const known = Object.keys(python.loadedPackages).length;
    say("loading", { what: answer.missing });
    await python.loadPackagesFromImports(`import ${answer.missing}`, {
      messageCallback() {},
      errorCallback() {},
    });
    if (Object.keys(python.loadedPackages).length > known)
      answer = JSON.parse(session.run(number, source));
  }
  say("done", { number, ...answer });
};

self.addEventListener(
  "unhandledrejection",
  ({ reason }) => session || say("broken", { why: String(reason?.message ?? reason) }),
);
self.onmessage = async ({ data }) => {
  try {
    if (data.kind === "load") say("ready", await load(data));
    else await run(data);
  } catch (error) {
    say("broken", { why: String(error?.message ?? error) });
  }
};
