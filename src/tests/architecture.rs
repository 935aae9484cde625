//! The layers of `docs/architecture.md`: no module imports from a layer above its own, and no imports form a circle.
//!
//! Every path that begins with `crate`, `super`, `self` or a child module counts, inside macros too. An inline `mod tests` is a
//! module of its own: tests may import anything, and nothing but tests imports them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};

/// The layers from the top. Every folder and file of `src/` belongs to exactly one.
const LAYERS: [&[&str]; 16] = [
    &["main", "boot", "lib"],
    &["app"],
    &["students", "sales"],
    &["purchases", "checkout"],
    &["payments"],
    &["products", "learning"],
    &["account", "prices"],
    &["authoring", "coupons", "school", "mail", "dashboard"],
    &["back_office"],
    &["server"],
    &["identity", "form"],
    &["frame", "wire", "load", "audit", "stripe", "pictures", "courses"],
    &["platform", "ui", "users", "fields", "paths"],
    &["country", "error", "id", "money", "pagination"],
    &["sandbox"],
    &[],
];

type Graph = BTreeMap<String, BTreeSet<String>>;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// `payments/mod.rs` is `payments`, `payments/webhook.rs` is `payments::webhook`, `lib.rs` is the root, the empty path.
fn module_of(file: &Path) -> Vec<String> {
    let parts = file.with_extension("");
    let mut parts: Vec<_> = parts.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.pop_if(|last| last == "mod" || last == "lib");
    parts
}

struct Scan<'a> {
    modules: &'a BTreeSet<Vec<String>>,
    graph: &'a mut Graph,
}

impl Scan<'_> {
    /// Adds what `tokens` of `module` import. `prefix` is the path before a group of a use tree.
    fn walk(&mut self, tokens: TokenStream, module: &[String], prefix: Option<&[String]>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if let (Some("mod"), Some(name), Some(TokenTree::Group(body))) =
                (ident(tokens.get(at)).as_deref(), ident(tokens.get(at + 1)), tokens.get(at + 2))
            {
                self.walk(body.stream(), &[module, &[name]].concat(), None);
                at += 3;
                continue;
            }
            // `pub(crate)` and the like are visibilities, not imports.
            if let (Some("pub"), Some(TokenTree::Group(_))) = (ident(tokens.get(at)).as_deref(), tokens.get(at + 1)) {
                at += 2;
                continue;
            }
            let starts = at == 0 || !is_colon(&tokens[at - 1]);
            match (&tokens[at], ident(tokens.get(at)).filter(|_| starts)) {
                // In a use tree, a name after `as` is no path.
                (_, Some(first)) if prefix.is_some() && first == "as" => at += 2,
                (_, Some(first)) => {
                    let (path, next) = path(&tokens, at, first);
                    at = next;
                    let Some(path) = self.absolute(path, module, prefix) else { continue };
                    match tokens.get(at) {
                        Some(TokenTree::Group(group)) if is_colon(&tokens[at - 1]) => {
                            self.walk(group.stream(), module, Some(&path));
                            at += 1;
                        }
                        _ => self.add(module, &path),
                    }
                }
                (TokenTree::Group(group), None) => {
                    self.walk(group.stream(), module, prefix.filter(|_| at > 0 && is_colon(&tokens[at - 1])));
                    at += 1;
                }
                _ => at += 1,
            }
        }
    }

    fn absolute(&self, path: Vec<String>, module: &[String], prefix: Option<&[String]>) -> Option<Vec<String>> {
        if let Some(prefix) = prefix {
            let rest = path.into_iter().filter(|part| part != "self");
            return Some(prefix.iter().cloned().chain(rest).collect());
        }
        let child = [module, &path[..1]].concat();
        match path[0].as_str() {
            "crate" | "lectern" => Some(path[1..].to_vec()),
            "self" if path.len() > 1 => Some([module, &path[1..]].concat()),
            "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                Some([&module[..module.len().checked_sub(up)?], &path[up..]].concat())
            }
            _ if path.len() > 1 && self.modules.contains(&child) => Some([module, &path].concat()),
            _ => None,
        }
    }

    fn add(&mut self, module: &[String], path: &[String]) {
        let target = (0..=path.len()).rev().map(|length| &path[..length]).find(|path| self.modules.contains(*path));
        let (from, to) = (name(module), name(target.unwrap_or_default()));
        // `main.rs` is a crate of its own; a module that names itself imports nothing.
        if from != to {
            self.graph.entry(from).or_default().insert(to);
        }
    }
}

fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':')
}

/// The path that begins with `first`, and the place after it; after its colons, where a group or a star follows them.
fn path(tokens: &[TokenTree], mut at: usize, first: String) -> (Vec<String>, usize) {
    let mut path = vec![first];
    at += 1;
    while at + 1 < tokens.len() && is_colon(&tokens[at]) && is_colon(&tokens[at + 1]) {
        at += 2;
        let Some(part) = ident(tokens.get(at)) else { break };
        path.push(part);
        at += 1;
    }
    (path, at)
}

fn name(module: &[String]) -> String {
    if module.is_empty() { "lib".into() } else { module.join("::") }
}

fn graph(source: &Path) -> Graph {
    let mut files = Vec::new();
    rust_files(source, &mut files);
    let modules = files.iter().map(|file| module_of(file.strip_prefix(source).unwrap())).collect();
    let mut graph = Graph::new();
    for file in &files {
        let tokens: TokenStream = fs::read_to_string(file).unwrap().parse().unwrap();
        let module = module_of(file.strip_prefix(source).unwrap());
        Scan { modules: &modules, graph: &mut graph }.walk(tokens, &module, None);
    }
    graph
}

fn is_test(module: &str) -> bool {
    module.split("::").any(|part| part == "tests" || part.ends_with("_tests"))
}

fn layer(module: &str) -> usize {
    let folder = module.split("::").next().unwrap();
    let layer = LAYERS.iter().position(|layer| layer.contains(&folder));
    layer.unwrap_or_else(|| panic!("{folder} belongs to no layer: add it to LAYERS and to docs/architecture.md"))
}

/// Imports that go up, or from a test into the program.
fn upward(graph: &Graph) -> Vec<String> {
    let arrows = graph.iter().flat_map(|(from, targets)| targets.iter().map(move |to| (from, to)));
    let wrong = arrows.filter(|(from, to)| !is_test(from) && (is_test(to) || layer(to) < layer(from)));
    wrong.map(|(from, to)| format!("{from} imports {to}")).collect()
}

/// The first circle of imports, found by a breadth-first search from each module back to itself.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    graph.keys().find_map(|start| {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::from([start.as_str()]);
        while let Some(module) = queue.pop_front() {
            for next in graph.get(module).into_iter().flatten() {
                if next == start {
                    let mut circle = vec![start.clone()];
                    let mut at = module;
                    while at != start {
                        circle.push(at.to_owned());
                        at = came_from[at];
                    }
                    circle.push(start.clone());
                    circle.reverse();
                    return Some(circle);
                }
                if !came_from.contains_key(next.as_str()) {
                    came_from.insert(next, module);
                    queue.push_back(next);
                }
            }
        }
        None
    })
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn no_module_imports_from_a_layer_above() {
    assert_eq!(upward(&graph(&source())), Vec::<String>::new());
}

#[test]
fn no_imports_form_a_circle() {
    assert_eq!(circle(&graph(&source())), None);
}

/// Tests the checks themselves: in a folder with a few files, they find an import that goes up and one that closes a circle.
#[test]
fn an_inserted_import_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("lib.rs", "pub mod money; pub mod payments;");
    write("payments/mod.rs", "pub mod refunds; pub mod webhook;");
    write("payments/refunds.rs", "use crate::money::Cents;");
    write(
        "payments/webhook.rs",
        "use crate::{money::{self as m, Cents}, payments::refunds::{submit, retry as again}};",
    );
    write("money.rs", "pub struct Cents; #[cfg(test)] mod tests { use super::*; use crate::payments::webhook; }");
    let sound = graph(folder.path());
    assert_eq!(sound["payments::webhook"], BTreeSet::from(["money".into(), "payments::refunds".into()]));
    assert_eq!((upward(&sound), circle(&sound)), (Vec::new(), None));

    write("payments/refunds.rs", "fn f() -> String { format!(\"{}\", super::webhook::x()) }");
    let closed = circle(&graph(folder.path())).unwrap();
    assert_eq!(closed, ["payments::refunds", "payments::webhook", "payments::refunds"]);
    write("payments/refunds.rs", "");
    write("money.rs", "pub fn f() { crate::payments::webhook::receive() }");
    assert_eq!(upward(&graph(folder.path())), ["money imports payments::webhook"]);
    write("money.rs", "pub mod inner { use super::super::payments as p; }");
    assert_eq!(upward(&graph(folder.path())), ["money::inner imports payments"]);
}
