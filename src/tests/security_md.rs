//! What `docs/security.md` names is there.

use std::{
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = include_str!("../../docs/security.md");

/// The text of every file below a folder whose name ends so.
fn texts(folder: &Path, ending: &str) -> String {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let text = |path: PathBuf| {
        if path.is_dir() {
            texts(&path, ending)
        } else if path.to_str().is_some_and(|path| path.ends_with(ending)) {
            fs::read_to_string(path).unwrap()
        } else {
            String::new()
        }
    };
    entries.map(text).collect()
}

#[test]
fn every_test_and_file_that_the_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (tests, journeys) = (texts(&root.join("src"), ".rs"), texts(&root.join("end2end/tests"), ".spec.ts"));
    let mut missing = Vec::new();
    let mut named = 0;
    for word in PAGE.split('`').skip(1).step_by(2) {
        let is_file = !word.starts_with('/')
            && !word.contains("://")
            && !word.contains(' ')
            && (word.contains('/')
                || Path::new(word).extension().is_some_and(|kind| kind == "toml" || kind == "lock" || kind == "md"));
        let is_test = word.matches('_').count() > 2
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        named += usize::from(is_test);
        if (is_file && !root.join(word).exists()) || (is_test && !tests.contains(&format!("fn {word}("))) {
            missing.push(word);
        }
    }
    // A journey stands in quotation marks, in a row that says what shows it.
    for row in PAGE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| V")) {
        for name in row.split('"').skip(1).step_by(2) {
            named += 1;
            if !journeys.contains(&format!("test('{name}'")) && !journeys.contains(&format!("test(\"{name}\"")) {
                missing.push(name);
            }
        }
    }
    assert!(named > 50, "{named} are named");
    assert!(missing.is_empty(), "docs/security.md names what is not there: {missing:#?}");
}
